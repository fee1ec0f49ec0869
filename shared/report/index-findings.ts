import { joinPath, nameOf, resolveReference } from '../paths.js';
import { nameIn } from '../record-name.js';
import type { RecordView } from '../repodata-record.js';
import type { RepodataVisitor } from '../repodata-scan.js';
import { parseArtifactName } from './artifact-name.js';
import { type DependencyPool, type PackageRecord, readPackageRecord, textOf } from './package-record.js';

/** Which records of an index a report has to know whole. */
export interface RecordsWanted {
  /** Paths of artifacts: those that the update ships, or that it removes. */
  readonly whole: ReadonlySet<string>;
  /** Paths that an index may name, but that are not in the repository. */
  readonly absent: ReadonlySet<string>;
  /** Names that are looked for in what the other records depend on. */
  readonly watched: ReadonlySet<string>;
}

/** What a report keeps of one index: little more than the records that it has to know whole. */
export interface IndexFindings {
  /** The index directory, '' = the repository. */
  readonly directory: string;
  /** By path. */
  readonly whole: ReadonlyMap<string, PackageRecord>;
  /** Records besides these that depend on a watched name, by path. */
  readonly watching: ReadonlyMap<string, PackageRecord>;
  /** Names of all packages that the index names and the repository has. */
  readonly names: ReadonlySet<string>;
  /** Licences that the other records state. */
  readonly otherLicences: ReadonlySet<string>;
}

/** Fields of records that `IndexFindingsCollector` needs from the scanner besides. */
export const FINDINGS_FIELDS = ['name', 'license'];

interface Place {
  readonly name: string;
  readonly url?: string;
}

interface Section {
  /** By file name or URL. */
  readonly whole: Map<string, Place & { readonly record: PackageRecord }>;
  readonly watching: Map<string, Place & { readonly record: PackageRecord }>;
  readonly doubtful: (Place & { readonly package: string })[];
  readonly names: Set<string>;
  readonly otherLicences: Set<string>;
}

/**
 * Takes the records of one index as they stream by. Memory grows with the records that are wanted whole, and with the
 * numbers of different names and licences, not with the index.
 */
export class IndexFindingsCollector implements RepodataVisitor {
  readonly #directory: string;
  readonly #wanted: RecordsWanted;
  readonly #wholeNames: ReadonlySet<string>;
  readonly #absentNames: ReadonlySet<string>;
  readonly #pool: DependencyPool = new Map();
  readonly #sections = new Map<string, Section>();
  #baseUrl: string | undefined;

  constructor(directory: string, wanted: RecordsWanted) {
    this.#directory = directory;
    this.#wanted = wanted;
    this.#wholeNames = new Set([...wanted.whole].map(nameOf));
    this.#absentNames = new Set([...wanted.absent].map(nameOf));
  }

  section(name: string): void {
    if (name === 'info') this.#baseUrl = undefined;
    if (name === 'v3') {
      for (const key of this.#sections.keys()) if (key.startsWith('v3.')) this.#sections.delete(key);
    }
    this.#sections.set(name, {
      ...{ whole: new Map(), watching: new Map(), doubtful: [] },
      ...{ names: new Set(), otherLicences: new Set() },
    });
  }

  record(view: RecordView): void {
    const section = this.#sections.get(view.bucket)!;
    const place = nameIn(view.bucket, view.key(), view);
    if (place.url !== undefined && resolveReference(this.#directory, place.url) === undefined) return;
    const file = nameOf(place.url ?? place.name);
    const key = place.url ?? place.name;
    if (this.#wholeNames.has(file)) {
      section.whole.set(key, { ...place, record: readPackageRecord(view, file, this.#pool) });
      return;
    }
    const name = view.text('name')?.toLowerCase() ?? parseArtifactName(file).name;
    if (this.#absentNames.has(file)) section.doubtful.push({ ...place, package: name });
    else section.names.add(name);
    const licence = textOf(view.text('license'));
    if (licence !== undefined) section.otherLicences.add(licence);
    if (this.#wanted.watched.size > 0)
      this.#watch(section, key, place, readPackageRecord(view, file, this.#pool));
  }

  removed(): void {
    // Says nothing of a package.
  }

  baseUrl(url: string | undefined): void {
    this.#baseUrl = url;
  }

  /** What was found, when the whole index was read. */
  findings(): IndexFindings {
    const found = {
      directory: this.#directory,
      whole: new Map<string, PackageRecord>(),
      watching: new Map<string, PackageRecord>(),
      names: new Set<string>(),
      otherLicences: new Set<string>(),
    };
    const isHere = this.#pathOf({ name: 'x' }) !== undefined;
    for (const section of this.#sections.values()) {
      for (const { record, ...place } of section.whole.values()) this.#settle(found, place, record);
      for (const { record, ...place } of section.watching.values()) {
        const path = this.#pathOf(place);
        if (path !== undefined) found.watching.set(path, record);
      }
      for (const licence of section.otherLicences) found.otherLicences.add(licence);
      if (isHere) for (const name of section.names) found.names.add(name);
      for (const place of section.doubtful) {
        const path = this.#pathOf(place);
        if (path !== undefined && !this.#wanted.absent.has(path)) found.names.add(place.package);
      }
    }
    return found;
  }

  #watch(section: Section, key: string, place: Place, record: PackageRecord): void {
    section.watching.delete(key);
    if (record.depends.some(({ name }) => name !== undefined && this.#wanted.watched.has(name)))
      section.watching.set(key, { ...place, record });
  }

  /** A record with the file name of a wanted artifact is either of that, or of one elsewhere. */
  #settle(
    found: { whole: Map<string, PackageRecord>; names: Set<string>; otherLicences: Set<string> },
    place: Place,
    record: PackageRecord,
  ): void {
    const path = this.#pathOf(place);
    if (path === undefined) return;
    if (!this.#wanted.absent.has(path)) found.names.add(record.name);
    if (this.#wanted.whole.has(path)) found.whole.set(path, record);
    else if (record.licence !== undefined) found.otherLicences.add(record.licence);
  }

  #pathOf({ name, url }: Place): string | undefined {
    if (url !== undefined) return resolveReference(this.#directory, url);
    const place =
      this.#baseUrl === undefined ? this.#directory : resolveReference(this.#directory, this.#baseUrl);
    return place === undefined ? undefined : joinPath(place, name);
  }
}
