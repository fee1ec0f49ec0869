import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { checkUpdate, importUpdate } from '../../importer/import.js';
import { withLock } from '../../shared/lock.js';
import type { Trust } from '../../shared/trust.js';
import { hashOf } from './arbitrary.js';
import { placeForTests } from './places.js';
import { type ChannelPackage, writeChannel } from './channel.js';
import { command } from './crossing.js';

/** A copy in the state before an update, and what lies around it. */
export interface Site {
  /** Everything below must stay as it is, but for what an accepted update does to the copy. */
  readonly world: string;
  readonly copy: string;
  /** A directory beside the copy with files that an update would like to reach. */
  readonly outside: string;
  /** The update as conda-diff wrote it. */
  readonly update: string;
  /** An empty directory for crafted updates. */
  readonly media: string;
}

const NEVER = new AbortController().signal;

/** The names that the update of a site ships or removes. */
export const NEW = 'noarch/new-1.0-0.conda';
export const GONE = 'noarch/gone-1.0-0.conda';
export const SAME = 'noarch/same-1.0-0.conda';
export const NOTES = 'noarch/notes.json';
export const ROOT = 'rss.xml';

/** Makes a site for all tests of a suite; call it in the suite. */
export function siteOfSuite(): () => Site {
  let site: Site | undefined;
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(await realpath(placeForTests()), 'conda-diff-'));
    site = await makeSite(folder);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return () => site!;
}

/**
 * @param folder must be empty
 * @param bytes that the update ships besides, in files of 50 kB
 */
export async function makeSite(folder: string, bytes = 0): Promise<Site> {
  const at = (name: string): string => join(folder, name);
  const [mirror, copy, outside] = [at('mirror'), at('world/copy'), at('world/outside')];
  const stays = { name: 'stays', files: { a: 'a' } };
  await writeChannel(mirror, { noarch: [stays, { name: 'gone' }, { name: 'same' }] }, { zst: true });
  writeFileSync(join(mirror, NOTES), '{"notes":1}');
  mkdirSync(at('world'));
  execFileSync('cp', ['-a', mirror, copy]);
  await command('conda-diff-export', ['reference', mirror, '-o', at('base.json')]);
  await command('conda-diff-export', ['init', mirror, '--from', at('base.json')]);
  await writeChannel(
    mirror,
    {
      noarch: [stays, { name: 'new', files: { b: 'x'.repeat(700) } }, { name: 'same', files: { c: '2' } }],
      ...(bytes > 0 && { 'linux-64': fillers(bytes) }),
    },
    { zst: true },
  );
  writeFileSync(join(mirror, NOTES), '{"notes":2}');
  writeFileSync(join(mirror, ROOT), '<rss/>');
  await command('conda-diff-export', ['create', mirror, '-o', at('update/update.tar'), '--allow-removals']);
  mkdirSync(join(outside, 'deep'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'not to be touched');
  writeFileSync(join(outside, 'deep/new-1.0-0.conda'), 'nor this');
  chmodSync(join(outside, 'secret'), 0o600);
  symlinkSync('outside', at('world/link'));
  writeFileSync(join(copy, 'private.txt'), 'of the operator');
  await withLock(copy, 'test', () => Promise.resolve());
  return { world: at('world'), copy, outside, update: at('update'), media: at('media') };
}

const FILLER_BYTES = 50_000;

function fillers(bytes: number): ChannelPackage[] {
  return Array.from({ length: Math.ceil(bytes / FILLER_BYTES) }, (_, i) => ({
    name: `filler-${String(i)}`,
    files: { noise: noise(i, FILLER_BYTES) },
  }));
}

/** Text that does not compress below half of its size. */
function noise(seed: number, bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i++) text += hashOf(`${String(seed)} ${String(i)}`);
  return text.slice(0, bytes);
}

/** A copy of a site, to be spoilt. */
export function cloneSite(site: Site, folder: string): Site {
  mkdirSync(folder, { recursive: true });
  execFileSync('cp', ['-a', site.world, join(folder, 'world')]);
  const at = (name: string): string => join(folder, 'world', name);
  return {
    ...site,
    world: join(folder, 'world'),
    copy: at('copy'),
    outside: at('outside'),
    media: join(folder, 'media'),
  };
}

/** `conda-diff-import check` */
export function check({ copy }: Site, update: string, trust?: Trust): Promise<unknown> {
  const stateDirectory = join(copy, '.conda-diff');
  const options = { repository: copy, update, stateDirectory, trust, removeNow: false, signal: NEVER };
  return checkUpdate(options, true);
}

/** `conda-diff-import apply` */
export function apply({ copy }: Site, update: string, trust?: Trust): Promise<unknown> {
  return importUpdate({
    ...{ repository: copy, update, stateDirectory: join(copy, '.conda-diff'), trust },
    ...{ keepsUndo: true, removeNow: false, signal: NEVER, note: () => undefined },
  });
}

/**
 * Everything below a directory, itself included, one line each: type, mode, owner, time, size and hash or target. Of
 * `.conda-diff` itself the time is left out: taking the lock changes it.
 */
export function listing(root: string, path = ''): string[] {
  const file = join(root, path);
  const { mode, uid, gid, mtimeMs, nlink } = lstatSync(file);
  const type = (mode & 0o170000).toString(8);
  const time = path.endsWith('.conda-diff') ? '' : mtimeMs;
  const head = `${path || '.'} ${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${time}`;
  if (type === '40000') return [head, ...names(file).flatMap((name) => listing(root, join(path, name)))];
  if (type === '120000') return [`${head} -> ${readlinkSync(file)}`];
  if (type !== '100000') return [head];
  return [`${head} ${nlink} ${hashOf(readFileSync(file))}`];
}

function names(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
