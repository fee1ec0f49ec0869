import type { LineageEntry } from './lineage.js';
import { requireGlobs } from './globs.js';
import { LineDocumentDecoder } from './line-document-decoder.js';
import {
  type AbsentFile,
  checkManifest,
  type Manifest,
  MANIFEST_SECTIONS,
  type ShippedFile,
  type Volume,
} from './manifest.js';
import { checkFormat } from './reference.js';
import { entryValidator, headerValidator, type Validator } from './schema.js';
import type { Entry } from './state.js';

type SectionName = (typeof MANIFEST_SECTIONS)[number];

type ManifestHeader = Omit<Manifest, SectionName | 'globs'> & {
  readonly ignore: readonly string[];
  readonly include: readonly string[];
};

interface Sections {
  readonly volumes: Volume[];
  readonly files: ShippedFile[];
  readonly removed: Entry[];
  readonly absent: AbsentFile[];
  readonly lineage: LineageEntry[];
}

/** Reads a manifest pushed in chunks. */
export class ManifestDecoder {
  readonly #name: string;
  readonly #document: LineDocumentDecoder;
  readonly #sections: Sections = { volumes: [], files: [], removed: [], absent: [], lineage: [] };
  #header: ManifestHeader | undefined;

  private constructor(name: string, header: Validator<ManifestHeader>, entry: Map<string, Validator<never>>) {
    this.#name = name;
    this.#document = new LineDocumentDecoder(name, MANIFEST_SECTIONS, {
      header: (value) => {
        checkFormat(value, name, 'conda-diff-manifest');
        this.#header = header(value, name);
        for (const globs of [this.#header, this.#header.base]) requireGlobs(globs, name);
      },
      entry: (section, value) => {
        this.#sections[section as SectionName].push((entry.get(section) as Validator<never>)(value, name));
      },
    });
  }

  /** @param name the file, for messages */
  static async create(name: string): Promise<ManifestDecoder> {
    const entries = MANIFEST_SECTIONS.map(
      async (section) => [section, await entryValidator<never>('manifest', section)] as const,
    );
    const header = await headerValidator<ManifestHeader>('manifest', MANIFEST_SECTIONS);
    return new ManifestDecoder(name, header, new Map(await Promise.all(entries)));
  }

  /**
   * @throws CondaDiffError malformed or integrity, naming file and line
   */
  push(chunk: Uint8Array): void {
    this.#document.push(chunk);
  }

  /**
   * @throws CondaDiffError malformed, when the document is not complete or not safe
   */
  end(): Manifest {
    this.#document.end();
    const { ignore, include, ...header } = this.#header as ManifestHeader;
    const manifest: Manifest = { ...header, ...this.#sections, globs: { ignore, include } };
    checkManifest(manifest, this.#name);
    return manifest;
  }
}
