import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ChannelOptions,
  type ChannelPackage,
  type ChannelSpec,
  fileScope,
  temporaryDirectory,
  writeChannel,
} from './channel.js';
import { createUpdate, setFirstBase, writeReferenceOf } from './exporting.js';
import { hashTree, isIndex, isShard, wrongFiles, type Wrong } from './index-reader.js';
import { runHere } from './in-process.js';
import type { CommandName, RunOptions, RunResult } from './run-command.js';

/** Path → sha256 of the tracked files. */
export type Tree = ReadonlyMap<string, string>;

/** A mirror that went through several states, and the updates that lead from each to the next. */
export interface Crossing {
  readonly mirror: string;
  /** A tree in the first state. */
  readonly base: string;
  /** The states, in order. */
  readonly trees: readonly Tree[];
  /** The n-th leads from the n-th state to the next: the directory of the update. */
  readonly updates: readonly string[];
}

/**
 * Lets a mirror go through states and makes the updates between them.
 *
 * @param folder must be empty; everything is made in it
 */
export async function makeCrossing(
  folder: string,
  specs: readonly ChannelSpec[],
  options: ChannelOptions,
): Promise<Crossing> {
  const [mirror, base, reference] = ['mirror', 'base', 'base.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const trees: Tree[] = [];
  const updates: string[] = [];
  for (const [n, spec] of specs.entries()) {
    await writeChannel(mirror, spec, options);
    trees.push(hashTree(mirror));
    if (n === 0) {
      execFileSync('cp', ['-a', mirror, base]);
      await writeReferenceOf(mirror, reference);
      await setFirstBase(mirror, reference);
    } else {
      await createUpdate(mirror, `${join(folder, 'outbox')}/`);
      updates.push(join(folder, 'outbox', `default-${n}`));
    }
  }
  return { mirror, base, trees, updates };
}

/** Makes one for all tests of a file. Call it at the top level. */
export async function crossingOfFile(
  specs: readonly ChannelSpec[],
  options: ChannelOptions,
): Promise<Crossing> {
  return makeCrossing(await temporaryDirectory(fileScope()), specs, options);
}

/** Makes a copy in the first state that shares nothing with any other. */
export async function separateCopy({ base }: Crossing, t: Pick<TestContext, 'after'>): Promise<string> {
  const copy = join(await temporaryDirectory(t), 'copy');
  execFileSync('cp', ['-a', base, copy]);
  return copy;
}

/** Makes a copy in the first state at this place, whatever is there. */
export function copyOfBase({ base }: Crossing, to: string): string {
  execFileSync('rm', ['-rf', to]);
  execFileSync('cp', ['-a', base, to]);
  return to;
}

/** Runs a command that must end with this exit code. */
export async function command(
  name: CommandName,
  args: readonly string[],
  code = 0,
  options?: RunOptions,
): Promise<RunResult> {
  const result = await runHere(name, args, options);
  assert.equal(result.code, code, `${name} ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result;
}

/**
 * Which of the states a repository is in: all files of it are there and right, and there is nothing else but
 * artifacts and shards of the others.
 *
 * @returns its number, or `undefined`
 */
export function stateOf(root: string, { trees }: Crossing, found: Tree = hashTree(root)): number | undefined {
  const n = trees.findIndex(
    (tree) =>
      [...tree].every(([path, sha256]) => found.get(path) === sha256) &&
      [...found].every(([path, sha256]) => tree.has(path) || isRetired(path, sha256, trees)),
  );
  return n < 0 ? undefined : n;
}

function isRetired(path: string, sha256: string, trees: readonly Tree[]): boolean {
  return (isShard(path) || path.endsWith('.conda')) && trees.some((tree) => tree.get(path) === sha256);
}

/** The repository is in this state, every index names only what is there and right, and no work is left over. */
export function assertSettled(root: string, crossing: Crossing, wanted: readonly number[]): number {
  const found = hashTree(root);
  const state = stateOf(root, crossing, found);
  assert.ok(
    state !== undefined && wanted.includes(state),
    `${root} is in state ${state}, not ${wanted.join()}`,
  );
  assert.deepEqual(wrongFiles(root, found), []);
  assert.deepEqual(workLeftIn(root), []);
  return state;
}

const KEPT = [
  ...['copy-ledger.json', 'hash-cache', 'last-import.json', 'receipts', 'reference.json', 'retired.json'],
  'undo',
];

/** What lies in `.conda-diff` of a copy that does not belong there once no commit is under way. */
export function workLeftIn(root: string): string[] {
  const own = join(root, '.conda-diff');
  const names = existsSync(own) ? readdirSync(own) : [];
  const undo = join(own, 'undo');
  const attempts = existsSync(undo) ? readdirSync(undo) : [];
  return [
    ...names.filter((name) => !KEPT.includes(name)),
    ...(attempts.length > 1 ? attempts.map((attempt) => `undo/${attempt}`) : []),
  ];
}

/** What is wrong in the middle of a commit between two states beyond what the burst excuses. */
export function unexcused(root: string, before: Tree, after: Tree): Wrong[] {
  const found = hashTree(root);
  const wrong = wrongFiles(root, found);
  const burst = [...new Set([...before.keys(), ...after.keys()])].filter((path) =>
    moves(path, before, after),
  );
  const done = burst.filter((path) => found.get(path) === after.get(path)).length;
  const isUnderWay = done > 0 && done < burst.length;
  return wrong.filter(
    ({ path, found: content }) => !isUnderWay || content === undefined || !moves(path, before, after),
  );
}

/** Whether a file moves in the burst: an index that changes, or an artifact with another content. */
export function moves(path: string, before: Tree, after: Tree): boolean {
  const [old, next] = [before.get(path), after.get(path)];
  if (old === next) return false;
  return isIndex(path) || (path.endsWith('.conda') && old !== undefined && next !== undefined);
}

/** Packages `p<from>` to `p<to - 1>`, as small as they can be. */
export function packages(from: number, to: number, content = ''): ChannelPackage[] {
  return Array.from({ length: to - from }, (_, i) => ({
    name: `p${from + i}`,
    files: { a: `${content}${from + i}` },
  }));
}
