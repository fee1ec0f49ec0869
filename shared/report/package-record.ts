import type { RecordView } from '../repodata-record.js';
import { type PackageName, parseArtifactName } from './artifact-name.js';
import { packageNameOf } from './match-spec.js';

/** One entry of `depends`. */
export interface Dependency {
  readonly spec: string;
  /** The name that it asks for; `undefined` where that is not one name. */
  readonly name: string | undefined;
}

/** What a report uses of one record. */
export interface PackageRecord extends PackageName {
  /** Name of the artifact, without its directory. */
  readonly file: string;
  readonly licence: string | undefined;
  readonly depends: readonly Dependency[];
}

/** Longest text of a record that is kept, in UTF-16 units: names and licences are far shorter. */
const MAX_TEXT = 500;

/** The same few entries stand in many records: each is kept once. */
export type DependencyPool = Map<string, Dependency>;

/** Reads a record; what is missing or not of the right type is taken from the file's name, or left out. */
export function readPackageRecord(
  view: Pick<RecordView, 'json'>,
  file: string,
  pool: DependencyPool,
): PackageRecord {
  const record = JSON.parse(view.json()) as Readonly<Record<string, unknown>>;
  const named = parseArtifactName(file);
  const depends = Array.isArray(record.depends) ? (record.depends as readonly unknown[]) : [];
  return {
    file,
    name: textOf(record.name)?.toLowerCase() ?? named.name,
    version: textOf(record.version) ?? named.version,
    build: textOf(record.build) ?? named.build,
    type: named.type,
    licence: textOf(record.license),
    depends: depends
      .map(textOf)
      .filter((spec) => spec !== undefined)
      .map((spec) => dependencyOf(spec, pool)),
  };
}

/** A text without white space around it; `undefined` for anything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text.slice(0, MAX_TEXT);
}

function dependencyOf(spec: string, pool: DependencyPool): Dependency {
  const found = pool.get(spec) ?? { spec, name: packageNameOf(spec) };
  pool.set(spec, found);
  return found;
}
