/**
 * Writes a reference and a manifest of many entries, or reads and checks what it wrote. Usage:
 *
 *   node dist/test/bench/documents.js write-reference|write-manifest <file> <entries>
 *   node dist/test/bench/documents.js read-reference|read-manifest <file> <entries>
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { writeFileAtomically } from '../../shared/atomic-file.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { checkManifest, encodeManifest, type Manifest, targetOf, updateId } from '../../shared/manifest.js';
import { readManifest, readReference } from '../../shared/read-document.js';
import { EMPTY_REFERENCE, encodeReference, referenceOf, totalsOf } from '../../shared/reference.js';
import { RULES } from '../../shared/rules.js';
import { type Entry, type State, stateOf } from '../../shared/state.js';
import { archiveBytes } from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { artifactName, sha256 } from './synthetic-channel.js';

/** Half of the artifacts are in each of two subdirs. */
function* entries(count: number): Generator<Entry> {
  for (let n = 0; n < count; n++) {
    const path = `${n % 2 === 0 ? 'linux-64' : 'noarch'}/${artifactName(n >> 1)}`;
    yield { path, size: 100_000 + (n % 4096), sha256: sha256(path) };
  }
}

/** A manifest of an update from nothing to a state of artifacts. */
function manifestOf(state: State): Manifest {
  const files = Array.from(state, (entry) => ({
    ...entry,
    kind: 'artifact' as const,
    mtime: 1_700_000_000,
  }));
  const base = totalsOf(EMPTY_REFERENCE.state);
  const target = totalsOf(state);
  const id = updateId('default', 1, base.digest, target.digest);
  const size = archiveBytes(files, volumeMark(id, 1, 1));
  return {
    ...{ rules: RULES, globs: NO_GLOBS, id, site: 'default', sequence: 1, target, files },
    base: { ...base, scope: 'all', ...NO_GLOBS },
    baseReference: { name: 'update.base.json.gz', size: 1, sha256: sha256('base') },
    generator: 'conda-diff bench',
    created: '2026-01-01T00:00:00Z',
    volumes: [{ name: 'update.tar', size, sha256: sha256('volume'), files: files.length }],
    ...{ removed: [], absent: [], lineage: [] },
  };
}

const works: Record<string, (file: string, count: number) => Promise<void>> = {
  'write-reference': async (file, count) => {
    await writeFileAtomically(file, encodeReference(referenceOf(stateOf(entries(count)), NO_GLOBS)));
  },
  'read-reference': async (file, count) => {
    assert.equal((await readReference(file)).state.count, count);
  },
  'write-manifest': async (file, count) => {
    const manifest = manifestOf(stateOf(entries(count)));
    checkManifest(manifest, file);
    await writeFileAtomically(file, encodeManifest(manifest));
  },
  'read-manifest': async (file, count) => {
    const manifest = await readManifest(file);
    assert.equal(targetOf(manifest, EMPTY_REFERENCE, file).count, count);
  },
};

const [what = '', file = '', count = ''] = process.argv.slice(2);
const work = works[what];
if (work === undefined || file === '') {
  process.stderr.write(`usage: documents ${Object.keys(works).join('|')} <file> <entries>\n`);
  process.exit(2);
}
await work(file, Number(count));
