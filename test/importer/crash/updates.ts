import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type ChannelOptions, type ChannelSpec, writeChannel } from '../../support/channel.js';
import { createUpdate, setFirstBase } from '../../support/exporting.js';
import { apply } from '../../support/importing.js';
import { hashTree } from '../../support/index-reader.js';
import { type Image, readImage, writeImage } from './image.js';

/** Path → sha256 of the tracked files of a state. */
export type Tracked = ReadonlyMap<string, string>;

/**
 * A mirror's states v0, v1 and v2, of which a copy has imported the first two, and v2b, another successor of v1.
 * From v1 to v2 everything happens that can happen to a file.
 */
export interface Updates {
  readonly tracked: Readonly<Record<'v0' | 'v1' | 'v2' | 'v2b', Tracked>>;
  /** Directories of the updates by the state that they lead to. */
  readonly update: Readonly<Record<'v0' | 'v1' | 'v2' | 'v2b', string>>;
  /** The copy in v1, with v0's undo files and what v1 retired. */
  readonly copy: Image;
}

const at = (name: string, content = '1'): { name: string; files: Record<string, string> } => ({
  name,
  files: { [`share/${name}`]: content },
});

const BOTH = { current: true, shards: 'shards', channeldata: true } as const;

/** What v1 retires and v2 tracks again, as it was and with another content. */
const RETURNING = [at('back'), at('anew')];

const STATES: readonly (readonly [ChannelSpec, ChannelOptions, Record<string, string | undefined>])[] = [
  [
    { 'linux-64': [at('a'), at('b'), at('old'), ...RETURNING], 'win-64': [at('w')], noarch: [at('n')] },
    BOTH,
    { 'linux-64/run_exports.json': '{"v":1}' },
  ],
  [
    { 'linux-64': [at('a'), at('b'), at('gone')], 'win-64': [at('w')], noarch: [at('n')] },
    { ...BOTH, zst: true },
    { 'noarch/patch_instructions.json': '{}', 'rss.xml': '<rss/>' },
  ],
  [
    {
      'linux-64': [at('a'), at('b', '2'), at('new'), at('back'), at('anew', '2')],
      'osx-64': [at('o')],
      noarch: [at('n')],
    },
    BOTH,
    {
      'linux-64/run_exports.json': '{"v":2}',
      'linux-64/fresh.json': '{}',
      'noarch/patch_instructions.json': undefined,
      'rss.xml': undefined,
    },
  ],
];

const OTHER: ChannelSpec = {
  'linux-64': [at('a'), at('b', '3'), at('gone'), at('other')],
  'win-64': [at('w')],
  noarch: [at('n')],
};

/** Makes the mirror, the updates and the copy. */
export async function makeUpdates(folder: string): Promise<Updates> {
  const mirror = join(folder, 'mirror');
  const names = ['v0', 'v1', 'v2'] as const;
  const tracked: Record<string, Tracked> = {};
  const update: Record<string, string> = {};
  mkdirSync(mirror);
  await setFirstBase(mirror);
  for (const [n, name] of names.entries()) {
    const [spec, options, more] = STATES[n]!;
    await change(mirror, spec, options, more);
    tracked[name] = hashTree(mirror);
    await createUpdate(mirror, `${join(folder, 'outbox')}/`);
    update[name] = join(folder, 'outbox', `default-${n + 1}`);
  }
  const [, options, more] = STATES[1]!;
  const back = { ...more, 'linux-64/run_exports.json': '{"v":1}', 'linux-64/fresh.json': undefined };
  await change(mirror, OTHER, options, back);
  tracked['v2b'] = hashTree(mirror);
  update['v2b'] = join(folder, 'other');
  const base = join(update['v1']!, 'update.manifest.json');
  const state = join(folder, 'other-state');
  mkdirSync(update['v2b']);
  await setFirstBase(mirror, base, state);
  await createUpdate(mirror, join(update['v2b'], 'update.tar'), state);

  const copy = join(folder, 'copy');
  await apply(copy, update['v0']!);
  await apply(copy, update['v1']!);
  return { tracked, update, copy: readImage(copy) } as Updates;
}

async function change(
  mirror: string,
  spec: ChannelSpec,
  options: ChannelOptions,
  more: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await writeChannel(mirror, spec, options);
  for (const [path, content] of Object.entries(more)) {
    if (content === undefined) await rm(join(mirror, path));
    else writeFileSync(join(mirror, path), content);
  }
}

/** Leaves the lock of a process that is gone. */
export function leaveLock(repository: string): void {
  const holder = {
    host: hostname(),
    boot: 'an earlier one',
    pid: 1,
    started: '1',
    command: 'apply',
    id: '0',
  };
  writeFileSync(join(repository, '.conda-diff/lock'), JSON.stringify(holder));
}

/** Runs work on a copy of an image and tells what became of it. */
export async function onCopy<T>(
  image: Image,
  root: string,
  work: (repository: string) => Promise<T>,
): Promise<{ readonly result: T; readonly image: Image }> {
  await rm(root, { recursive: true, force: true });
  writeImage(image, root);
  const result = await work(root);
  return { result, image: readImage(root) };
}
