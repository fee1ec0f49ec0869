import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { type TestContext } from 'node:test';
import { readManifest } from '../../../shared/read-document.js';
import { type ChannelPackage, copyTree, writeChannel } from '../../support/channel.js';
import {
  contents,
  createUpdate,
  cross,
  init,
  prepared,
  refuse,
  type Refusal,
  type Sides,
  succeed,
  trackedContents,
  untouched,
} from '../two-sides.js';

/** What a mirror has, one state after the other: the last one is the second again. */
export interface Channel {
  readonly name: string;
  /** Why its scenarios are skipped. */
  readonly skip: string | false;
  readonly put: (mirror: string, n: number) => Promise<void>;
}

export const STATES = 5;

const [a, b, c, d, e, w]: ChannelPackage[] = ['a', 'b', 'c', 'd', 'e', 'w'].map((name) => ({ name })) as [];
const b2 = { name: 'b', files: { 'share/b': 'another' } };
const small = [
  [a, b],
  [a, b, c],
  [a, b2, c, d],
  [a, b2, d, e],
  [a, b, c],
] as ChannelPackage[][];

const folder = process.env.CONDA_DIFF_CHANNELS;
const real = folder === undefined ? '' : join(resolve(folder), 'jancaha-channel');
const published = existsSync(real) ? readdirSync(real).sort() : [];

export const CHANNELS: readonly Channel[] = [
  {
    name: 'a small channel',
    skip: false,
    put: (mirror, n) => writeChannel(mirror, { noarch: small[n - 1] ?? [], 'win-64': [w!] }, { zst: true }),
  },
  {
    name: 'a real channel',
    skip: published.length < 4 && 'needs CONDA_DIFF_CHANNELS=<folder with jancaha-channel>',
    put: (mirror, n) => mirrorState(mirror, join(real, published[n === STATES ? 1 : n - 1] ?? '')),
  },
];

/** Makes the mirror hold what a mirror job would have left after this state was published. */
export async function mirrorState(mirror: string, state: string): Promise<void> {
  const before = await contents(mirror);
  const after = await contents(state);
  for (const path of Object.keys(before)) if (!(path in after)) await rm(join(mirror, path));
  for (const [path, sha256] of Object.entries(after)) {
    if (before[path] === sha256) continue;
    await mkdir(dirname(join(mirror, path)), { recursive: true });
    const partial = join(mirror, `${path}.part`);
    await copyFile(join(state, path), partial);
    await rename(partial, join(mirror, path));
  }
}

/**
 * The mirror after all its states, their updates in the outbox, and in `at-1` … `at-5` the copy after each; every test
 * gets its own. Call it at the top level.
 */
export function historyOf({ skip, put }: Channel): (t: Pick<TestContext, 'after'>) => Promise<Sides> {
  if (skip !== false) return () => Promise.reject(new Error(skip));
  return prepared(async (sides) => {
    await init(sides, '--empty');
    for (let n = 1; n <= STATES; n++) {
      await put(sides.mirror, n);
      await cross(sides, '--allow-removals');
      await copyTree(sides.copy, join(sides.folder, `at-${n}`));
    }
  });
}

export const IMPORT = 'conda-diff-import';
export const EXPORT = 'conda-diff-export';
export const update = ({ outbox }: Sides, n: number): string => join(outbox, `default-${n}`);
export const manifestOf = (sides: Sides, n: number) =>
  readManifest(join(update(sides, n), 'update.manifest.json'));
/** The copy as it was after update `n`. */
export const at = (sides: Sides, n: number): Sides => ({ ...sides, copy: join(sides.folder, `at-${n}`) });

/**
 * The copy is in the state after update `n`, file by file, and nobody touched the mirror.
 *
 * @param lost that the copy does not know any more which artifacts it retired: these may still be there
 */
export async function assertIn(sides: Sides, n: number, channel: Channel, lost?: 'lost'): Promise<void> {
  const [found, wanted] = [await trackedContents(sides.copy), await expected(channel, n, sides)];
  const isLeft = (path: string): boolean =>
    lost !== undefined && path.endsWith('.conda') && !(path in wanted);
  assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([path]) => !isLeft(path))), wanted);
  assert.deepEqual(await contents(sides.mirror), await expected(channel, STATES, sides));
}

/** What a state has, whatever the tools say. */
async function expected({ put }: Channel, n: number, { folder }: Sides): Promise<Record<string, string>> {
  const place = join(folder, `expected-${n}`);
  if (!existsSync(place)) {
    await mkdir(place);
    await put(place, n);
  }
  return contents(place);
}

/** Whether every file that update `n` leads to is in a copy or in the update: what skipping ahead depends on. */
export async function canReach(sides: Sides, n: number, channel: Channel): Promise<boolean> {
  const [here, there] = [await contents(sides.copy), await expected(channel, n, sides)];
  const shipped = new Set((await manifestOf(sides, n)).files.map(({ path }) => path));
  return Object.entries(there).every(([path, sha256]) => here[path] === sha256 || shipped.has(path));
}

/** What ends every refusal with exit 12: the command for the online side. */
export const ONLINE = /conda-diff-export create <repository>( --site \S+)? --base \S+( --no-include)?$/;

/** Refused with 12, nothing is changed on either side, and the hint ends with the command for the online side. */
export async function unfit(sides: Sides, n: number, ...flags: string[]): Promise<Refusal> {
  const apply = ['apply', update(sides, n), sides.copy, ...flags];
  return untouched(sides.folder, async () => {
    const refusal = await refuse(IMPORT, apply, 12);
    assert.match(refusal.hint ?? '', ONLINE);
    return refusal;
  });
}

/**
 * Does what a refusal says at its end, on the online side; a reference that it asks for is carried over first.
 *
 * @returns the manifest of the update
 */
export async function typed(sides: Sides, { hint = '' }: Refusal): Promise<string> {
  const line = ONLINE.exec(hint)?.[0].replace('conda-diff-export create <repository> ', '') ?? '';
  const reference = join(sides.folder, 'reference.json');
  if (line.endsWith('reference.json')) await succeed(IMPORT, ['reference', sides.copy, '-o', reference]);
  const args = line.split(' ').map((one) => (one === 'reference.json' ? reference : one));
  const { outputs, outcome } = await createUpdate(sides, ...args, '--allow-removals');
  assert.equal(outcome, 'published');
  return outputs.manifest;
}

export interface LastReceipt {
  readonly series: string;
  readonly counter: number;
  readonly kind: string;
  readonly update: { readonly sequence: number };
  readonly state: { readonly digest: string };
  readonly code: string;
}

/** The last receipt of the copy, and the file of it. */
export async function receiptOf({ copy }: Sides): Promise<LastReceipt & { readonly file: string }> {
  const { receipt } = (await succeed(IMPORT, ['receipt', copy, '--json'])).json<{ receipt: LastReceipt }>();
  return { ...receipt, file: join(copy, `.conda-diff/receipts/${receipt.counter}.json`) };
}

export interface Confirmed {
  readonly outcome: string;
  readonly kind: string;
  readonly update: number;
  readonly confirmed: string;
  readonly assumed: string;
  readonly inFlight: readonly number[];
}

/** Confirms on the online side by receipt or code. */
export async function confirm({ mirror }: Sides, statement: string): Promise<Confirmed> {
  return (await succeed(EXPORT, ['confirm', mirror, statement, '--json'])).json<Confirmed>();
}

/** The target digest of update `n`. */
export async function digestAfter(sides: Sides, n: number): Promise<string> {
  return (await manifestOf(sides, n)).target.digest;
}

/** The ledger of the exporter, as bytes. */
export const ledgerOf = ({ mirror }: Sides): Promise<Buffer> =>
  readFile(join(mirror, '.conda-diff/ledger.jsonl'));
