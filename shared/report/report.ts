import type { Globs } from '../globs.js';
import type { AbsentFile, Manifest, ShippedFile, UpdateFile } from '../manifest.js';
import { directoryOf } from '../paths.js';
import type { Scope, Totals } from '../reference.js';
import type { Entry, State } from '../state.js';
import { type PackageName, parseArtifactName, subdirOf } from './artifact-name.js';
import {
  type Catalogue,
  catalogueOf,
  type Change,
  type ChangedArtifact,
  changesOf,
  isArtifactEntry,
  packageKey,
} from './changes.js';
import { type Closure, closureOf, type Dependent, type Provided } from './closure.js';
import { uncheckedNotes } from './checked.js';
import type { IndexFindings } from './index-findings.js';
import { namesByFile, recordsWanted } from './index-sources.js';
import { type LicenceUse, licencesOf } from './licences.js';
import type { PackageRecord } from './package-record.js';
import { type DirectorySummary, type PackageSize, sizesOf, summariesOf } from './totals.js';

/** A file of an update beside its manifest, as it was found. */
export interface UpdateFileFound extends UpdateFile {
  readonly found: boolean;
}

/** An index that could not be read, and why. */
export interface UnreadIndex {
  readonly path: string;
  readonly of: 'base' | 'target';
  readonly reason: string;
}

/** What is known of an update when its report is made. */
export interface ReportInput {
  readonly manifest: Manifest;
  /** The manifest itself. */
  readonly manifestFile: UpdateFile;
  readonly volumes: readonly UpdateFileFound[];
  readonly baseReference: UpdateFileFound;
  /** Names of signature files beside the manifest. */
  readonly signatures: readonly string[];
  /** Key ids of the signatures that were verified; none without trusted keys. */
  readonly verified: readonly string[];
  /** Base and target, if the base reference is there. */
  readonly states: { readonly base: State; readonly target: State } | undefined;
  readonly targetIndexes: readonly IndexFindings[];
  readonly baseIndexes: readonly IndexFindings[];
  readonly unread: readonly UnreadIndex[];
}

/** All that a report says, as plain data. */
export interface Report {
  readonly update: Pick<Manifest, 'id' | 'site' | 'sequence' | 'created' | 'generator' | 'rules'>;
  readonly globs: Globs;
  readonly base: Totals & { readonly scope: Scope };
  readonly target: Totals;
  readonly manifestFile: UpdateFile;
  readonly volumes: readonly UpdateFileFound[];
  readonly baseReference: UpdateFileFound;
  readonly signatures: readonly string[];
  readonly verified: readonly string[];
  readonly directories: readonly DirectorySummary[];
  readonly changes: readonly Change[];
  /** Largest first. */
  readonly sizes: readonly PackageSize[];
  readonly licences: readonly LicenceUse[];
  /** Of what is shipped; `undefined` when no index could be read. */
  readonly closure: Closure | undefined;
  /** Names that records which stay depend on, and that the update takes away. */
  readonly broken: Closure['unmet'];
  readonly files: readonly ShippedFile[];
  readonly removed: readonly Entry[];
  readonly absent: readonly AbsentFile[];
  /** What could not be checked, one sentence each. */
  readonly unchecked: readonly string[];
}

/** Makes the report of an update. The same input gives the same report. */
export function makeReport(input: ReportInput): Report {
  const { manifest, states, targetIndexes, baseIndexes } = input;
  const { id, site, sequence, created, generator, rules, base, target, files, absent, globs } = manifest;
  const shipped = artifactsOf(files, targetIndexes);
  const removed = artifactsOf(manifest.removed, baseIndexes);
  const changes = classify(shipped, removed, states);
  return {
    update: { id, site, sequence, created, generator, rules },
    globs,
    base: { digest: base.digest, count: base.count, bytes: base.bytes, scope: base.scope },
    target,
    manifestFile: input.manifestFile,
    volumes: input.volumes,
    baseReference: input.baseReference,
    signatures: input.signatures,
    verified: input.verified,
    directories: summariesOf(changes, files),
    changes,
    sizes: sizesOf(shipped),
    ...findingsOf(input, shipped),
    ...{ files, absent, removed: manifest.removed },
    unchecked: uncheckedNotes(input),
  };
}

/** What only the indexes tell. */
function findingsOf(
  { targetIndexes, baseIndexes, states, manifest }: ReportInput,
  shipped: readonly ChangedArtifact[],
): Pick<Report, 'licences' | 'closure' | 'broken'> {
  if (targetIndexes.length === 0) return { licences: [], closure: undefined, broken: [] };
  const provided = providedNames(targetIndexes, states?.target);
  const before = [...targetIndexes, ...baseIndexes].flatMap((one) => [
    ...one.otherLicences,
    ...(baseIndexes.includes(one) ? licencesIn(one) : []),
  ]);
  const watched = states && recordsWanted(manifest, states.target).target.watched;
  return {
    licences: licencesOf(shipped, before),
    closure: closureOf(dependentsOf(targetIndexes, 'whole'), provided),
    broken: closureOf(dependentsOf(targetIndexes, 'watching'), provided).unmet.filter(
      ({ name }) => watched?.has(name) === true,
    ),
  };
}

function licencesIn({ whole }: IndexFindings): string[] {
  return [...whole.values()].map(({ licence }) => licence).filter((licence) => licence !== undefined);
}

function artifactsOf(
  files: readonly (Entry & Partial<ShippedFile>)[],
  indexes: readonly IndexFindings[],
): ChangedArtifact[] {
  const records = new Map<string, PackageRecord>(indexes.flatMap(({ whole }) => [...whole]));
  return files.filter(isArtifactEntry).map(({ path, size, sha256, replaces }) => {
    const record = records.get(path);
    const { name, version, build, type } = record ?? parseArtifactName(path);
    return {
      ...{ path, size, sha256, name, version, build, type },
      ...(replaces && { replaces }),
      licence: record?.licence,
    };
  });
}

function classify(
  shipped: readonly ChangedArtifact[],
  removed: readonly ChangedArtifact[],
  states: ReportInput['states'],
): Change[] {
  const named = new Map([...shipped, ...removed].map((artifact) => [artifact.path, artifact]));
  const nameOfArtifact = (path: string): PackageName => named.get(path) ?? parseArtifactName(path);
  const keys = new Set([...named.values()].map(({ path, name }) => packageKey(directoryOf(path), name)));
  const catalogue = (state: State | undefined): Catalogue =>
    state === undefined ? new Map() : catalogueOf(state, nameOfArtifact, keys);
  return changesOf(shipped, removed, catalogue(states?.base), catalogue(states?.target));
}

function providedNames(indexes: readonly IndexFindings[], target: State | undefined): Provided {
  const read = new Set(indexes.map(({ directory }) => directory));
  const found = new Map<string, ReadonlySet<string>>(
    target && namesByFile(target, (directory) => read.has(directory)),
  );
  for (const { directory, names } of indexes) {
    const subdir = subdirOf(directory);
    found.set(subdir, new Set([...(found.get(subdir) ?? []), ...names]));
  }
  return found;
}

function* dependentsOf(indexes: readonly IndexFindings[], which: 'whole' | 'watching'): Generator<Dependent> {
  for (const { directory, [which]: records } of indexes) {
    for (const [path, { depends }] of records) yield { path, subdir: subdirOf(directory), depends };
  }
}
