import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeArchive } from '../../exporter/archive.js';
import { writeReferenceGz } from '../../exporter/references.js';
import { diffStates } from '../../shared/diff.js';
import { fingerprintOfFile } from '../../shared/fingerprint.js';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { type Manifest, orderOf, updateId, type Volume } from '../../shared/manifest.js';
import { referenceOf, type Reference, totalsOf } from '../../shared/reference.js';
import { kindByName } from '../../shared/rules.js';
import type { LineageEntry } from '../../shared/lineage.js';
import { EMPTY_STATE, type State, stateOf } from '../../shared/state.js';
import { volumeMark } from '../../shared/volume-mark.js';
import type { Journal } from '../../importer/journal.js';
import { entryOf, hashOf } from './arbitrary.js';

/** Path → content. */
export type Contents = Readonly<Record<string, string>>;

export interface SmallUpdate {
  readonly manifest: Manifest;
  readonly base: Reference;
  readonly target: State;
  /** Where its archive and base reference lie. */
  readonly directory: string;
}

const GLOBS = { ignore: ['**/*.bak'], include: ['keys/*'] };
const MTIME = 1_700_000_000;

/** Writes the files of a tree; all get the same mtime. */
export async function writeFiles(root: string, contents: Contents): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await utimes(file, MTIME, MTIME);
  }
}

type Origin = Pick<Journal, 'update' | 'lineage' | 'again' | 'stateDirectory' | 'reused' | 'links'>;

/** What a journal says of the update that it is of, whose lineage is itself alone. */
export function originOf(sequence = 1): Origin {
  const [base, target] = [hashOf(`base ${sequence}`), hashOf(`target ${sequence}`)];
  const id = updateId('default', sequence, base, target);
  const lineage = [{ id, sequence, base, target, created: '2024-01-02T03:04:05Z' }];
  const update = { id, site: 'default', sequence };
  return { update, lineage, again: false, stateDirectory: '.conda-diff', reused: [], links: [] };
}

export function stateOfContents(contents: Contents): State {
  return stateOf(Object.entries(contents).map(([path, text]) => entryOf(path, text)));
}

/**
 * An update between two trees, as the exporter writes it: `directory` gets its archives and base reference.
 *
 * @param perVolume how many files each archive holds
 */
export async function makeUpdate(
  directory: string,
  before: Contents,
  after: Contents,
  { perVolume = 1000, absent = [] }: { perVolume?: number; absent?: readonly string[] } = {},
): Promise<SmallUpdate> {
  const tree = join(directory, 'source');
  await writeFiles(tree, after);
  const [base, target] = [referenceOf(stateOfContents(before), GLOBS), stateOfContents(after)];
  const { added, replaced, removed } = diffStates(base.state, target);
  const isIndexDirectory = (path: string): boolean => `${path}/repodata.json` in after;
  const files = [
    ...added.map((entry) => ({ ...entry })),
    ...replaced.map((one) => ({
      ...one.after,
      replaces: { size: one.before.size, sha256: one.before.sha256 },
    })),
  ]
    .map((file) => ({ ...file, kind: kindByName(file.path, isIndexDirectory), mtime: MTIME }))
    .sort((a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
  const id = updateId('default', 3, base.state.digest, target.digest);
  const count = Math.ceil(files.length / perVolume);
  const volumes: Volume[] = [];
  for (let start = 0; start < files.length; start += perVolume) {
    const name = `update.${String(volumes.length + 1).padStart(3, '0')}.tar`;
    const held = files.slice(start, start + perVolume).map((file) => {
      const source = join(tree, file.path);
      return {
        ...file,
        bounds: { root: tree, links: [] },
        source,
        fingerprint: fingerprintOfFile(source) ?? '',
      };
    });
    const mark = volumeMark(id, volumes.length + 1, count);
    volumes.push({
      name,
      ...(await writeArchive(join(directory, name), held, { mark })),
      files: held.length,
    });
  }
  const baseName = 'update.base.json.gz';
  const written = await writeReferenceGz(join(directory, baseName), base);
  const manifest: Manifest = {
    ...{ rules: 1, globs: GLOBS, site: 'default', sequence: 3 },
    id,
    base: { ...totalsOf(base.state), scope: 'all', ...GLOBS },
    target: totalsOf(target),
    baseReference: { name: baseName, ...written },
    ...{ generator: 'conda-diff 0.1.0', created: '2024-01-02T03:04:05Z' },
    ...{ volumes, files, removed, absent: absent.map((path) => ({ path, named: 'record' as const })) },
    lineage: lineageTo(base.state.digest),
  };
  return { manifest, base, target, directory };
}

/** Two updates before the third: one that was withdrawn, and the one in its place. */
function lineageTo(base: string): LineageEntry[] {
  const entry = (sequence: number, target: string): LineageEntry => ({
    id: updateId('default', sequence, EMPTY_STATE.digest, target),
    ...{ sequence, base: EMPTY_STATE.digest, target, created: `2024-01-01T00:00:0${String(sequence)}Z` },
  });
  return [{ ...entry(1, hashOf('lost')), withdrawn: true }, entry(2, base)];
}
