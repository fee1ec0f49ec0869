import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CondaDiffError } from '../shared/errors.js';
import { isThere } from '../shared/is-there.js';
import type { Manifest } from '../shared/manifest.js';
import { readSignedManifest } from '../shared/read-signed.js';
import type { Trust } from '../shared/trust.js';
import { makeOwnDirectory, type Workbench } from './commit.js';
import type { Layout } from './layout.js';
import { shellWord } from '../shared/shell-word.js';

/** What the manifest of a collected update is called here, whatever its name was on the medium. */
export const COLLECTED_MANIFEST = 'update.manifest.json';

const ID = /^[0-9a-f]{64}$/;

/** An update whose manifest was taken over, so that its volumes can be collected. */
export interface Collected {
  /** Where its files are, as they were on the media. */
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Where the files of an update are collected. */
export function collectedDirectory({ collected }: Layout, id: string): string {
  return join(collected, id);
}

/** Whether a directory is one in which an update is collected. */
export function isCollected({ collected }: Layout, directory: string): boolean {
  return dirname(directory) === collected;
}

/** The ids of the updates whose manifests are here, sorted. */
export function collectedIds(layout: Layout): string[] {
  return allIds(layout).filter((id) => isThere(join(collectedDirectory(layout, id), COLLECTED_MANIFEST)));
}

/** Those of which only beginnings are here, too. */
export function allIds({ collected }: Layout): string[] {
  if (!isThere(collected)) return [];
  return readdirSync(collected)
    .filter((name) => ID.test(name))
    .sort();
}

/**
 * Reads the manifest of a collected update, as it would be read from a medium.
 *
 * @throws CondaDiffError integrity or malformed, when it is damaged, of another update than its place says, or not signed
 *   as trust asks; io
 */
export async function readCollected(
  layout: Layout,
  id: string,
  trust: Trust | undefined,
): Promise<Collected> {
  const directory = collectedDirectory(layout, id);
  const file = join(directory, COLLECTED_MANIFEST);
  const { manifest } = await readSignedManifest(file, trust);
  if (manifest.id === id) return { directory, manifest };
  throw new CondaDiffError('malformed', `${file} is not the manifest of the update that was staged there`, {
    details: [`expected the update ${id}, found ${manifest.id}`],
    hint: `Discard it and stage it again: conda-diff-import stage ${shellWord(layout.repository)} --discard`,
  });
}

/** The volumes of an update that are not in a directory with the right size; what they hold is not looked at. */
export function missingVolumes({ directory, manifest }: Collected): MissingVolume[] {
  return manifest.volumes.flatMap(({ name, size }, i) =>
    sizeOf(join(directory, name)) === size ? [] : [{ number: i + 1, name, size }],
  );
}

/** A volume that was not staged yet. */
export interface MissingVolume {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Bytes of all that was collected, beginnings included. */
export function collectedBytes(layout: Layout, id: string): number {
  const directory = collectedDirectory(layout, id);
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

/**
 * Removes collected updates; each is there as a whole until it is not there any more. The caller holds the lock, and no
 * commit is under way.
 */
export async function discardCollected(bench: Workbench, ids: readonly string[]): Promise<void> {
  const { disk, layout } = bench;
  for (const id of ids) {
    const directory = collectedDirectory(layout, id);
    if (!existsSync(directory)) continue;
    await makeOwnDirectory(bench, layout.trash);
    const trash = join(layout.trash, `collected-${id}`);
    await disk.removeTree(trash);
    await disk.rename(directory, trash);
    await disk.syncDirectory(layout.collected);
  }
  await disk.removeTree(layout.trash);
}
