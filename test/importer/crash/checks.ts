import { decodeIndex, decodeShard, isIndex, isShard, type Named } from '../../support/index-reader.js';
import { type Image, type ImageFile, sha256Of } from './image.js';
import type { Step } from './step-disk.js';
import type { Tracked } from './updates.js';

/** The two states that a commit leads between. */
export interface Passage {
  readonly from: Tracked;
  readonly to: Tracked;
  /** Untracked files that lie in the repository before or after: path → sha256. */
  readonly beside: Tracked;
}

const OWN = '.conda-diff';

/** @param after the end of it, where files come back that were untracked before */
export function passage(before: Image, from: Tracked, to: Tracked, after?: Image): Passage {
  const beside = new Map([...untracked(before, from), ...(after ? untracked(after, to) : [])]);
  return { from, to, beside };
}

function untracked(image: Image, tracked: Tracked): [string, string][] {
  return visible(image).flatMap(([path, { bytes }]) => (tracked.has(path) ? [] : [[path, sha256Of(bytes)]]));
}

function visible({ files }: Image): [string, ImageFile][] {
  return [...files].filter(([path]) => !path.startsWith(`${OWN}/`));
}

/**
 * What a reader of the repository would find wrong: a file with a content of neither state, a file of both that is
 * not there, an index that names a missing or wrong file.
 *
 * @param isBurst whether same-name replacements may be on their way
 */
export function readerProblems(image: Image, states: Passage, isBurst: boolean): string[] {
  const { from, to, beside } = states;
  const problems: string[] = [];
  const found = new Map<string, string>();
  for (const [path, { bytes }] of visible(image)) {
    const sha256 = sha256Of(bytes);
    found.set(path, sha256);
    if (![from, to, beside].some((state) => state.get(path) === sha256))
      problems.push(`${path} has a content of neither state (${bytes.length} bytes)`);
  }
  for (const path of from.keys()) if (to.has(path) && !found.has(path)) problems.push(`${path} is not there`);
  const isMoving = (path: string): boolean => isBurst && isReplaced(path, states) && found.has(path);
  for (const [index, file] of visible(image)) {
    if (!isIndex(index)) continue;
    for (const { path, sha256 } of namedBy(index, file, image)) {
      if (found.get(path) !== sha256 && !isMoving(path))
        problems.push(`${index} names ${path}, which is ${found.has(path) ? 'wrong' : 'missing'}`);
    }
  }
  return problems;
}

/** Whether the commit puts another artifact under the same name, one that is retired included. */
function isReplaced(path: string, states: Passage): boolean {
  const contents = [states.from, states.to, states.beside].flatMap((state) => state.get(path) ?? []);
  return path.endsWith('.conda') && new Set(contents).size > 1;
}

const decoded = new Map<string, readonly Named[]>();

/** The artifacts and shards that an index names, by its shards too; an unreadable one names what cannot be. */
function namedBy(index: string, { bytes }: ImageFile, { files }: Image): Named[] {
  return readOnce(index, bytes, decodeIndex).flatMap((named) => {
    const shard = isShard(named.path) ? files.get(named.path) : undefined;
    if (shard === undefined || sha256Of(shard.bytes) !== named.sha256) return [named];
    return [named, ...readOnce(named.path, shard.bytes, decodeShard)];
  });
}

function readOnce(
  path: string,
  bytes: Buffer,
  decode: (path: string, bytes: Uint8Array) => Named[],
): readonly Named[] {
  const key = `${path} ${sha256Of(bytes)}`;
  let named = decoded.get(key);
  if (named === undefined) {
    try {
      named = decode(path, bytes);
    } catch {
      named = [{ path: `what the unreadable ${path} means`, sha256: '' }];
    }
    decoded.set(key, named);
  }
  return named;
}

/** Whether a step belongs to the burst: it moves an index or a same-name replacement in or out of its place. */
export function isBurstStep(step: Step, repository: string, states: Passage): boolean {
  const moves = step.call === 'rename' ? [step.path, step.from] : step.call === 'remove' ? [step.path] : [];
  return moves.some((file) => {
    const path = file.slice(repository.length + 1);
    return (
      file.startsWith(`${repository}/`) &&
      !path.startsWith(OWN) &&
      (isIndex(path) || isReplaced(path, states))
    );
  });
}

/** The first step of the burst, and the first one after it and the syncs that end it. */
export function burstOf(
  steps: readonly Step[],
  repository: string,
  states: Passage,
): { readonly begin: number; readonly end: number } {
  const begin = steps.findIndex((step) => isBurstStep(step, repository, states));
  const last = steps.findLastIndex((step) => isBurstStep(step, repository, states));
  const next = steps.findIndex((step, n) => n > last && step.call !== 'sync-directory');
  return { begin, end: next < 0 ? steps.length : next };
}

/**
 * All of an image that two runs must agree on: paths, contents and modes, the times of artifacts, our own
 * documents without the marks of a run.
 */
export function essence({ directories, files }: Image): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, mode] of directories) {
    if (path !== OWN && !path.startsWith(`${OWN}/undo`)) found.set(`${path}/`, mode.toString(8));
  }
  for (const [path, file] of files) {
    const mode = file.mode.toString(8);
    if (path.startsWith(`${OWN}/`)) {
      const name = path.replace(/\/undo\/[0-9a-f]{16}\//, '/undo/*/');
      if (found.has(name)) found.set(`${path} is one too many`, '');
      found.set(name, path.endsWith('.json') ? withoutMarks(file.bytes) : sha256Of(file.bytes));
    } else {
      const time = path.endsWith('.conda') ? ` ${file.mtime}` : '';
      found.set(path, `${sha256Of(file.bytes)} ${mode}${time}`);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const essences = new WeakMap<Buffer, string>();

function withoutMarks(bytes: Buffer): string {
  const known = essences.get(bytes);
  if (known !== undefined) return known;
  const text = strippedJson(bytes.toString()) ?? `not JSON: ${sha256Of(bytes)}`;
  essences.set(bytes, text);
  return text;
}

function strippedJson(text: string): string | undefined {
  const marks = ['attempt', 'series', 'at', 'checksum'];
  try {
    return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
      marks.includes(key) ? undefined : value,
    );
  } catch {
    return undefined;
  }
}

/** How an image differs from the one that it should be. */
export function differences(found: Image, expected: Image): string[] {
  const [is, should] = [essence(found), essence(expected)];
  const cut = (text: string | undefined): string => (text === undefined ? 'nothing' : text.slice(0, 400));
  return [...new Set([...is.keys(), ...should.keys()])]
    .filter((path) => is.get(path) !== should.get(path))
    .map((path) => `${path}: expected ${cut(should.get(path))}, found ${cut(is.get(path))}`);
}
