import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { copyTree, listTree, temporaryDirectory, type TreeEntry } from '../support/channel.js';
import type { Receipt } from '../../shared/receipt.js';
import { runHere } from '../support/in-process.js';
import type { CommandName, RunOptions, RunResult } from '../support/run-command.js';

/** A mirror, its air-gapped copy, and what is between them; each in a folder of its own test. */
export interface Sides {
  readonly folder: string;
  readonly mirror: string;
  readonly copy: string;
  /** Where updates are written; each in a directory of its own. */
  readonly outbox: string;
}

/** What a refused command says with `--json`, and on stderr. */
export interface Refusal {
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly outcome?: string;
  readonly details: readonly string[];
  readonly hint?: string;
  /** Message, details and hint together. */
  readonly text: string;
}

/** What `create --json` prints. */
export interface Created {
  readonly outcome: 'published' | 'dry-run' | 'no-difference';
  readonly base: { readonly digest: string; readonly count: number; readonly scope: string };
  readonly target: { readonly digest: string; readonly count: number; readonly bytes: number };
  readonly released: readonly string[];
  readonly missing: readonly string[];
  readonly update: { readonly id: string; readonly site: string; readonly sequence: number };
  readonly files: readonly { readonly path: string; readonly kind: string; readonly mtime: number }[];
  readonly removed: readonly string[];
  /** Empty unless it was published. */
  readonly outputs: {
    readonly volumes: readonly string[];
    /** The first, or only, of them. */
    readonly volume: string;
    readonly manifest: string;
    readonly baseReference: string;
    readonly signatures: readonly string[];
  };
}

/** What `apply --json` and `check --json` print. */
export interface Imported {
  readonly outcome: 'already-applied' | 'apply' | 'skip-ahead' | 'superseded' | 'drifted';
  readonly receipt?: Receipt;
  readonly target: { readonly digest: string; readonly count: number };
  readonly absent: readonly string[];
  readonly plan?: readonly { readonly step: number; readonly action: string; readonly path: string }[];
}

/** Folders for a mirror, which is there and empty, and a copy, which is not there yet. */
export async function twoSides(t: Pick<TestContext, 'after'>): Promise<Sides> {
  const folder = await temporaryDirectory(t);
  const mirror = join(folder, 'mirror');
  await mkdir(mirror);
  return { folder, mirror, copy: join(folder, 'copy'), outbox: `${join(folder, 'outbox')}/` };
}

/**
 * Builds both sides once for all tests of a file; every test gets a copy of its own. Call it at the top level.
 */
export function prepared(
  build: (sides: Sides) => Promise<void>,
): (t: Pick<TestContext, 'after'>) => Promise<Sides> {
  const file = { after: (remove?: () => unknown) => after(() => remove?.()) } as Pick<TestContext, 'after'>;
  const built = twoSides(file).then(async (sides) => {
    await build(sides);
    return sides;
  });
  return async (t) => {
    const sides = await twoSides(t);
    await copyTree((await built).folder, sides.folder);
    return sides;
  };
}

/** Runs a command that must end with 0. */
export async function succeed(
  name: CommandName,
  args: readonly string[],
  options?: RunOptions,
): Promise<RunResult> {
  return run(name, args, 0, options);
}

/** Runs a command with `--json` that must be refused with this exit code and no stack. */
export async function refuse(
  name: CommandName,
  args: readonly string[],
  code: number,
  options?: RunOptions,
): Promise<Refusal> {
  const result = await run(name, [...args, '--json'], code, options);
  const { error } = result.json<{ error: Omit<Refusal, 'text'> }>();
  assert.equal(error.exitCode, code);
  return { ...error, text: [error.message, ...error.details, error.hint ?? ''].join('\n') };
}

/** Runs a command that must end with this exit code; a stack is a failure whatever the code. */
export async function run(
  name: CommandName,
  args: readonly string[],
  code: number,
  options?: RunOptions,
): Promise<RunResult> {
  const result = await runHere(name, args, options);
  const said = `${name} ${args.join(' ')}\n${result.stdout}${result.stderr}`;
  assert.equal(result.code, code, said);
  assert.doesNotMatch(result.stderr, /^ +at /m, said);
  return result;
}

/** Makes an update into the outbox. */
export async function createUpdate({ mirror, outbox }: Sides, ...args: string[]): Promise<Created> {
  const output = args.includes('-o') ? [] : ['-o', outbox];
  const result = await succeed('conda-diff-export', ['create', mirror, ...output, '--json', ...args]);
  const created = result.json<Omit<Created, 'outputs'> & { outputs: Created['outputs'] | null }>();
  const outputs = { ...created.outputs, volume: created.outputs?.volumes[0] };
  return { ...created, outputs: outputs as Created['outputs'] };
}

/** Applies an update to the copy. */
export async function applyUpdate({ copy }: Sides, update: string, ...args: string[]): Promise<Imported> {
  return (await succeed('conda-diff-import', ['apply', update, copy, '--json', ...args])).json<Imported>();
}

/** Sets the first base. */
export async function init({ mirror }: Sides, ...args: string[]): Promise<void> {
  await succeed('conda-diff-export', ['init', mirror, '-q', ...args]);
}

/** Carries the next update over; both sides must then be in lockstep. */
export async function cross(sides: Sides, ...args: string[]): Promise<Created> {
  const created = await createUpdate(sides, ...args);
  assert.equal(created.outcome, 'published');
  const imported = await applyUpdate(sides, created.outputs.volume);
  assert.equal(imported.outcome, 'apply');
  assert.equal(imported.target.digest, created.target.digest);
  await assertSameTrees(sides);
  assert.deepEqual(Object.keys(await retired(sides.copy)), created.removed.filter(isRetired));
  await assertReference(sides.copy, created.target.digest);
  return created;
}

/** The files below a root that are outside of dot-directories. */
export async function visibleTree(root: string): Promise<TreeEntry[]> {
  return (await listTree(root)).filter(({ path }) => !/(^|\/)\./.test(path));
}

/** Path → content hash of everything outside of dot-directories. */
export async function contents(root: string): Promise<Record<string, string>> {
  return Object.fromEntries((await visibleTree(root)).map(({ path, sha256 }) => [path, sha256]));
}

/** Whether a removed file stays on disk, untracked, until the next import. */
function isRetired(path: string): boolean {
  return /\.(conda|tar\.bz2|whl)$|(^|\/)[0-9a-f]{64}\.msgpack\.zst$/.test(path);
}

/** What a copy keeps untracked for readers of an older index: path → content hash, as its list has it. */
export async function retired(copy: string): Promise<Record<string, string>> {
  const file = join(copy, '.conda-diff/retired.json');
  if (!existsSync(file)) return {};
  const { entries } = JSON.parse(await readFile(file, 'utf8')) as { entries: TreeEntry[] };
  return Object.fromEntries(entries.map(({ path, sha256 }) => [path, sha256]));
}

/** The visible files of a copy without those that it retired, each of which is there and right. */
async function trackedTree(copy: string): Promise<TreeEntry[]> {
  const waiting = await retired(copy);
  const files = await visibleTree(copy);
  const found = files.filter(({ path }) => path in waiting);
  assert.deepEqual(Object.fromEntries(found.map(({ path, sha256 }) => [path, sha256])), waiting);
  return files.filter(({ path }) => !(path in waiting));
}

/** Path → content hash of the files of a copy, without those that it retired. */
export async function trackedContents(copy: string): Promise<Record<string, string>> {
  return Object.fromEntries((await trackedTree(copy)).map(({ path, sha256 }) => [path, sha256]));
}

/**
 * Both trees are the same, file by file, but for what the copy retired. Only for mirrors that have no untracked
 * files.
 */
export async function assertSameTrees({ mirror, copy }: Sides): Promise<void> {
  assert.deepEqual(await trackedContents(copy), await contents(mirror));
}

/** The reference that the import left states this digest, and that digest is the one of the files that are there. */
export async function assertReference(copy: string, digest: string): Promise<void> {
  const text = await readFile(join(copy, '.conda-diff/reference.json'), 'utf8');
  const [header = ''] = text.split('\n');
  assert.equal((JSON.parse(`${header.slice(0, -1)}}`) as { digest: string }).digest, digest);
  assert.equal(digestOf(await trackedTree(copy)), digest);
}

/** The state digest as DESIGN section 3 defines it, over files that are all tracked, in the order of their bytes. */
export function digestOf(files: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  for (const { path, sha256 } of files) hash.update(`${sha256}  ${path}\n`);
  return hash.digest('hex');
}

/** The reference that the mirror writes of itself is the one that the import left, byte for byte. */
export async function assertSameReferences({ folder, mirror, copy }: Sides): Promise<void> {
  const kept = await readFile(join(copy, '.conda-diff/reference.json'));
  const file = join(folder, 'own.reference.json');
  await succeed('conda-diff-export', ['reference', mirror, '-o', file, '-q']);
  assert.ok((await readFile(file)).equals(kept), 'the references differ');
}

/** Everything in a folder: files with hashes, mtimes and modes, directories with modes. */
export async function everything(root: string): Promise<object> {
  if (!existsSync(root)) return { files: [], directories: [] };
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const directories: string[] = [];
  for (const item of names) {
    const path = join(item.parentPath, item.name);
    if (item.isDirectory() && item.name !== '.conda-diff')
      directories.push(`${((await lstat(path)).mode & 0o7777).toString(8)} ${path}`);
  }
  return { files: await listTree(root), directories: directories.sort() };
}

/** Runs something that must leave this folder exactly as it is. */
export async function untouched<T>(root: string, work: () => Promise<T>): Promise<T> {
  const before = await everything(root);
  const result = await work();
  assert.deepEqual(await everything(root), before);
  return result;
}
