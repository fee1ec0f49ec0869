/**
 * Reads a channel as its clients do until its standard input ends: each client takes an index, keeps using it for a
 * while and checks every artifact that it named, shards read late. Arguments: the channel's root and for how many
 * milliseconds an index is kept. A line on standard input is answered with a line when every index that was read
 * before it has been dropped. Prints a {@link ReaderReport} at the end.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeIndex, decodeShard, isIndex, isShard, type Named, sha256Of } from './index-reader.js';

/** What a reader saw that was not as an index said. */
export interface Sighting {
  readonly index: string;
  readonly path: string;
  readonly found: string | undefined;
  /** The index said so when it was read again, too. */
  readonly persisted: boolean;
  /**
   * For how long, at least, the index on disk named what was not there: from the first look at the file to the last
   * reading of an index that was still wrong.
   */
  readonly wrongForMs: number;
  /** It was not right after some seconds either. */
  readonly stayed: boolean;
}

export interface ReaderReport {
  /** Indexes read. */
  readonly indexes: number;
  /** Files checked. */
  readonly files: number;
  readonly sightings: readonly Sighting[];
}

const PATIENCE_MS = 10_000;

const [root = '', hold = '100'] = process.argv.slice(2);
const sightings: Sighting[] = [];
const counts = { indexes: 0, files: 0 };
let isOver = false;
/** How many lines came in; each client notes which it has taken note of. */
let turn = 0;
const turns = new Map<string, number>();

/** One client for each index, and for each more that appears. */
async function client(index: string): Promise<void> {
  while (!isOver) {
    const now = turn;
    const names = await readIndex(index);
    await sleep(Math.random() * Number(hold));
    for (const name of sample(names ?? [])) await use(index, name);
    turns.set(index, now);
    answer();
    if (names === undefined) await sleep(5);
  }
}

/** One that takes an index and at once some of what it names, again and again: it meets what is short. */
async function impatientClient(index: string): Promise<void> {
  while (!isOver) {
    const names = (await readIndex(index)) ?? [];
    for (let i = 0; i < 5 && names.length > 0; i++)
      await use(index, names[Math.floor(Math.random() * names.length)] as Named);
    await sleep(2);
  }
}

/** A client does not install everything: every fifth file, other ones each time. */
function* sample(names: readonly Named[]): Generator<Named> {
  for (let i = Math.floor(Math.random() * 5); i < names.length; i += 5) yield names[i] as Named;
}

/** @param shard the shard that named the file, when it was not the index itself */
async function use(index: string, named: Named, shard?: Named): Promise<void> {
  const bytes = await readOrNothing(named.path);
  counts.files++;
  if (bytes === undefined || sha256Of(bytes) !== named.sha256) await report(index, named, bytes, shard);
  else if (isShard(named.path))
    for (const one of decodeShard(named.path, bytes)) await use(index, one, named);
}

/** Reads index and file again until they agree, and notes for how long they certainly did not. */
async function report(
  index: string,
  named: Named,
  bytes: Buffer | undefined,
  shard: Named | undefined,
): Promise<void> {
  const { path } = named;
  const found = bytes && sha256Of(bytes);
  const seen = performance.now();
  let lastWrong = seen;
  let persisted = false;
  for (;;) {
    const begun = performance.now();
    const expected = await expectedNow(index, named, shard);
    const again = await readOrNothing(path);
    const isRight = expected === undefined || (again !== undefined && sha256Of(again) === expected);
    if (isRight || begun - seen > PATIENCE_MS) {
      sightings.push({ index, path, found, persisted, wrongForMs: lastWrong - seen, stayed: !isRight });
      return;
    }
    persisted = true;
    lastWrong = begun;
  }
}

/** What the index says of a file now. A shard never changes: it says the same, or is not named any more. */
async function expectedNow(
  index: string,
  { path, sha256 }: Named,
  shard: Named | undefined,
): Promise<string | undefined> {
  const names = (await readIndex(index)) ?? [];
  if (shard === undefined) return names.find((one) => one.path === path)?.sha256;
  return names.some((one) => one.path === shard.path) ? sha256 : undefined;
}

/** @returns `undefined` when the channel has no such index */
async function readIndex(path: string): Promise<readonly Named[] | undefined> {
  const bytes = await readOrNothing(path);
  if (bytes === undefined) return undefined;
  counts.indexes++;
  return decodeIndex(path, bytes);
}

async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(join(root, path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

let answered = 0;
function answer(): void {
  const reached = Math.min(...turns.values());
  for (; answered < reached; answered++) process.stdout.write('turned\n');
}

function start(): void {
  const clients: Promise<void>[] = [];
  const items = readdirSync(root, { withFileTypes: true });
  const subdirs = items.filter((item) => item.isDirectory() && !item.name.startsWith('.'));
  for (const { name: subdir } of subdirs) {
    for (const name of ['repodata.json', 'current_repodata.json', 'repodata_shards.msgpack.zst']) {
      for (const encoding of name.endsWith('.json') ? ['', '.zst', '.gz'] : ['']) {
        const index = `${subdir}/${name}${encoding}`;
        if (!isIndex(index)) throw new Error(`Not an index: ${index}`);
        turns.set(index, 0);
        clients.push(client(index));
      }
    }
  }
  for (const { name } of subdirs) clients.push(impatientClient(`${name}/repodata.json`));
  void Promise.all(clients).then(() => {
    process.stdout.write(`${JSON.stringify({ ...counts, sightings } satisfies ReaderReport)}\n`);
  });
}

const lines = createInterface({ input: process.stdin });
lines.on('line', () => turn++);
start();
await once(lines, 'close');
isOver = true;
