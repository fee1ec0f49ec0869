import { realpathSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { syncPath, writeFileAtomically } from '../shared/atomic-file.js';
import { type Diff, diffStates } from '../shared/diff.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { fingerprintOfFile, statFile } from '../shared/fingerprint.js';
import { type Globs, NO_GLOBS } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { directoryOf, nameOf } from '../shared/paths.js';
import { remarks } from '../shared/present-state.js';
import { readBase } from '../shared/read-base.js';
import { readState, type Survey } from '../shared/read-state.js';
import { encodeReference, type Reference, referenceOf } from '../shared/reference.js';
import { isJunkName, REPODATA } from '../shared/rules.js';
import { EMPTY_STATE } from '../shared/state.js';
import { Listing } from '../shared/listing.js';
import { artifactTest, metadataFiles } from '../shared/tracked.js';
import { boundsOf } from '../shared/real-path.js';
import { indexDirectoriesOf, walk } from '../shared/walk.js';
import { type ArchiveFile, writeArchive } from './archive.js';
import { type Fault, sourceFaults, throwFaults } from './check-source.js';
import { variantFaults } from './check-variants.js';
import { planFiles } from './plan.js';

/** What one run of the old command works on. It keeps no ledger and writes nothing but its outfile. */
export interface TarRun {
  /** Absolute path. */
  readonly repository: string;
  /** A line for stdout. */
  readonly print: (line: string) => void;
  /** A line for stderr. */
  readonly warn: (line: string) => void;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

/**
 * `--create`: writes the tar of what the repository has and the reference has not; an empty one when that is
 * nothing. An older tar is replaced in one step, or left alone when anything is wrong.
 *
 * @throws CondaDiffError usage, source, integrity, io
 */
export async function createTar(run: TarRun, infile: string, outfile: string): Promise<void> {
  const file = placeOf(outfile);
  if (file === realpathSync(infile))
    throw new CondaDiffError('usage', `${outfile} is both infile and outfile`);
  // Beside the outfile, for the rename; with a leading dot, so that no state ever tracks what a crash leaves.
  const workspace = await mkdtemp(join(dirname(file), '.conda-diff-tar-')).catch((error: unknown) => {
    throw asIoError(error, `Cannot write ${outfile}`);
  });
  try {
    const { survey, diff, base } = await compare(run, infile, join(workspace, 'metadata'));
    refuseTracked(run.repository, file, survey, base.globs);
    const files = archiveFiles(run.repository, survey, diff);
    const added = (path: string): void => {
      if (run.verbose) run.print(`adding: ${path}`);
    };
    await writeArchive(join(workspace, 'update.tar'), files, { added, signal: run.signal });
    await publish(join(workspace, 'update.tar'), file);
    run.print(`Wrote: ${outfile}`);
    warnOfRemoved(run, diff);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/**
 * `--show`: prints the paths that `--create` would put into the tar, in its order.
 *
 * @throws CondaDiffError as `--create` would
 */
export async function showUpdate(run: TarRun, infile: string): Promise<void> {
  const { survey, diff } = await compare(run, infile);
  for (const { path } of archiveFiles(run.repository, survey, diff)) run.print(path);
  warnOfRemoved(run, diff);
}

/**
 * `--verify`: hashes every artifact and prints each one that is wrong or missing.
 *
 * @throws CondaDiffError integrity when a file is wrong, else source when one is missing or an index unreadable
 */
export async function verifyRepository(run: TarRun): Promise<void> {
  const survey = await read(run, NO_GLOBS, { mustHash: 'all' });
  const problems = [
    ...survey.mismatched.map(
      ({ path, expected, found }) => `Mismatch: ${path}: expected ${expected}, found ${found}`,
    ),
    ...survey.missing.map((path) => `Missing: ${path}`),
    ...survey.unreadable.map(({ message }) => `Unreadable: ${message}`),
    ...survey.conflicts.map((path) => `Conflict: ${path}: two indexes say different things of it`),
    ...survey.refused.map((name) => `Refused: ${name}`),
  ];
  for (const line of problems) run.print(line);
  if (problems.length === 0) return;
  const count = problems.length === 1 ? '1 problem' : `${String(problems.length)} problems`;
  throw new CondaDiffError(
    survey.mismatched.length > 0 ? 'integrity' : 'source',
    `${count} in ${run.repository}`,
  );
}

/**
 * `--reference`: writes the present state. Files that are missing are named and are not part of it, so the next
 * update carries them once they are there.
 *
 * @throws CondaDiffError usage; source or integrity, when the state cannot be told or a file is known to be
 *   wrong; io
 */
export async function writeReference(run: TarRun, outfile: string): Promise<void> {
  const file = placeOf(outfile);
  const survey = await read(run, NO_GLOBS);
  refuseTracked(run.repository, file, survey, NO_GLOBS);
  throwOurs(sourceFaults(survey, EMPTY_STATE, diffStates(EMPTY_STATE, survey.state), TOLERANT));
  for (const path of survey.missing) run.warn(`Missing: ${path}`);
  await writeFileAtomically(file, encodeReference(referenceOf(survey.state, NO_GLOBS)));
}

/** A tar removes nothing, so removals are listed instead of judged; nothing else is let through by `--create`. */
const STRICT = { allowIncomplete: false, allowRemovals: true, maxRemovals: 1 };
const TOLERANT = { ...STRICT, allowIncomplete: true };

interface Comparison {
  readonly base: Reference;
  readonly survey: Survey;
  readonly diff: Diff;
}

/** @param copyTo where to copy the metadata first, so that the mirror may go on changing */
async function compare(run: TarRun, infile: string, copyTo?: string): Promise<Comparison> {
  const indexDirectories = indexDirectoriesOf(await walk(run.repository, { signal: run.signal }));
  const { reference: base, unknown } = await readBase(infile, indexDirectories);
  if (unknown > 0)
    run.warn(`${String(unknown)} records of ${infile} have no sha256 and size: their files count as new`);
  const survey = await read(run, base.globs, copyTo === undefined ? {} : { copyTo });
  const diff = diffStates(base.state, survey.state);
  const changed = [...diff.added, ...diff.replaced.map(({ after }) => after), ...diff.removed].map(
    ({ path }) => path,
  );
  throwOurs([
    ...sourceFaults(survey, base.state, diff, STRICT),
    ...(await variantFaults(survey, base.globs, changed)),
  ]);
  return { base, survey, diff };
}

async function read(
  run: TarRun,
  globs: Globs,
  options: { readonly copyTo?: string; readonly mustHash?: 'all' } = {},
): Promise<Survey> {
  const cache = await HashCache.open(run.repository); // never saved: this command leaves nothing behind
  const survey = await readState(run.repository, { ...options, globs, cache, signal: run.signal });
  if (survey.indexes.length === 0) run.warn(`No directory of ${run.repository} holds a ${REPODATA}`);
  for (const line of remarks({ ...survey, missing: [] })) run.warn(line); // who calls tells of missing files
  return survey;
}

/** Hints speak of options that the old command line does not have. */
function throwOurs(faults: readonly Fault[]): void {
  const ours = (hint: string): string =>
    hint.includes(' --') ? `${hint} (an option of conda-diff-export)` : hint;
  throwFaults(faults.map((fault) => ({ ...fault, hint: ours(fault.hint) })));
}

function archiveFiles(repository: string, survey: Survey, diff: Diff): ArchiveFile[] {
  const bounds = boundsOf({ repository });
  const statusOf = (path: string): { mtime: number } => {
    const stats = statFile(join(repository, path)) ?? statFile(survey.source(path));
    return { mtime: Math.max(0, Math.floor((stats?.mtimeMs ?? 0) / 1000)) };
  };
  return planFiles(diff, survey.kindOf, statusOf).map(({ path, size, sha256, mtime }) => {
    const source = survey.source(path);
    return { path, size, sha256, mtime, bounds, source, fingerprint: fingerprintOfFile(source) ?? '' };
  });
}

function warnOfRemoved(run: TarRun, { removed }: Diff): void {
  if (removed.length === 0) return;
  run.warn(
    'A tar cannot remove files; these are no longer in the repository, so delete them on the other side:',
  );
  for (const { path } of removed) run.warn(`removed: ${path}`);
}

async function publish(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncPath(dirname(to));
  } catch (error) {
    throw asIoError(error, `Cannot write ${to}`);
  }
}

/** The absolute path, without symbolic links, of a file to be written or replaced. */
function placeOf(outfile: string): string {
  const stats = statSync(outfile, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile())
    throw new CondaDiffError('usage', `${outfile} is not a regular file`);
  if (stats !== undefined) return realpathSync(outfile);
  const directory = dirname(resolve(outfile));
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    return join(realpathSync(directory), basename(outfile));
  }
  throw new CondaDiffError('usage', `No such directory: '${directory}'`);
}

/** Refuses an outfile that is a tracked file, or would be one next time. */
function refuseTracked(repository: string, file: string, { state, indexes }: Survey, globs: Globs): void {
  const path = relative(realpathSync(repository), file).split(sep).join('/');
  const directories = indexes.map(({ directory }) => directory);
  if (path.startsWith('../') || (state.find(path) < 0 && !isTrackedPlace(path, directories, globs))) return;
  throw new CondaDiffError('usage', `${file} lies in the tracked part of the repository`, {
    hint: 'Choose a path outside of it; update.tar and reference.json are fine anywhere, they are never tracked',
  });
}

/** Whether a file at `path` would be tracked by its name and place (DESIGN section 3). */
export function isTrackedPlace(path: string, indexDirectories: readonly string[], globs: Globs): boolean {
  const [directory, name] = [directoryOf(path), nameOf(path)];
  if (isJunkName(name) || path.split('/').some((segment) => segment.startsWith('.'))) return false;
  if (indexDirectories.includes(directory)) return true;
  const files = new Map(indexDirectories.map((one) => [one, Listing.of([REPODATA])]));
  files.set(directory, Listing.of([name]));
  return metadataFiles(files, globs, artifactTest(new Map())).some((file) => file.path === path);
}
