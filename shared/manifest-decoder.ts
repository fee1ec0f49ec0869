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
import { PlainLine, takeContent, takeEntry } from './plain-line.js';
import { checkFormat } from './reference.js';
import { KINDS } from './rules.js';
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

/** Of the usual line of a file, what stands between its hash and the number of its mtime. */
const KIND_BYTES = KINDS.map((kind) => [kind, Buffer.from(`,"kind":"${kind}","mtime":`)] as const);
/** As the schema says. */
const MAX_MTIME = 8_640_000_000_000;
const REPLACES = Buffer.from(',"replaces":{"size":');
const REPLACES_CLOSE = Buffer.from('}');

/** Reads a manifest pushed in chunks. */
export class ManifestDecoder {
  readonly #name: string;
  readonly #document: LineDocumentDecoder;
  readonly #sections: Sections = { volumes: [], files: [], removed: [], absent: [], lineage: [] };
  readonly #line = new PlainLine();
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
      line: (section, bytes, start) => {
        if (section !== 'files' && section !== 'removed') return -1;
        this.#line.begin(bytes, start);
        return section === 'files' ? this.#addFile() : this.#addRemoved();
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

  /** Adds a shipped file whose line has the usual form. Returns where the next line starts, else -1. */
  #addFile(): number {
    const line = this.#line;
    if (!takeEntry(line)) return -1;
    const { pathText: path, number: size, hashText: sha256 } = line;
    const kind = KIND_BYTES.find(([, bytes]) => line.literal(bytes))?.[0];
    if (kind === undefined || !line.whole() || line.number > MAX_MTIME) return -1;
    const mtime = line.number;
    let replaces: ShippedFile['replaces'];
    if (line.literal(REPLACES)) {
      if (!takeContent(line) || !line.literal(REPLACES_CLOSE)) return -1;
      replaces = { size: line.number, sha256: line.hashText };
    }
    if (!line.end()) return -1;
    const file =
      replaces === undefined
        ? { path, size, sha256, kind, mtime }
        : { path, size, sha256, kind, mtime, replaces };
    this.#sections.files.push(file);
    return line.at;
  }

  /** As {@link #addFile}. */
  #addRemoved(): number {
    const line = this.#line;
    if (!takeEntry(line) || !line.end()) return -1;
    this.#sections.removed.push({ path: line.pathText, size: line.number, sha256: line.hashText });
    return line.at;
  }
}
