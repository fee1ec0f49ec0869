import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { statSync } from 'node:fs';
import { fingerprintOf, fingerprintOfFile } from '../../shared/fingerprint.js';
import { gatherFiles, type Piece } from '../../shared/gather-files.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses } from '../support/refusal.js';

const TEXT = 'a text in two parts';
const GO_ON = (): boolean => false;

async function twoParts(t: TestContext): Promise<{ source: string; first: Piece; second: Piece }> {
  const repository = await temporaryDirectory(t);
  const source = join(repository, 'file');
  await writeFile(source, TEXT);
  const bounds = { root: repository, links: [] };
  const common = { bounds, source, fingerprint: fingerprintOfFile(source)!, sha256: hashOf(TEXT) };
  return {
    source,
    first: { ...common, from: 0, length: 7, isLast: false, at: 3 },
    second: { ...common, from: 7, length: TEXT.length - 7, isLast: true, at: 1 },
  };
}

let caller = 0;

describe('gatherFiles', () => {
  it('puts parts to their places, and hashes a file over several calls', async (t) => {
    const { first, second } = await twoParts(t);
    const memory = new SharedArrayBuffer(32);
    caller++;
    assert.deepEqual(gatherFiles({ memory, pieces: [first], caller }, GO_ON), []);
    assert.equal(Buffer.from(memory, 3, 7).toString(), TEXT.slice(0, 7));
    assert.deepEqual(gatherFiles({ memory, pieces: [second, { ...first, at: 20 }], caller }, GO_ON), []);
    assert.equal(Buffer.from(memory, 1, TEXT.length - 7).toString(), TEXT.slice(7));
    const wrong = [{ ...second, sha256: hashOf('other') }];
    assert.deepEqual(gatherFiles({ memory, pieces: wrong, caller }, GO_ON), [
      { piece: 0, problem: 'wrong', found: hashOf(TEXT) },
    ]);
  });

  it('tells what became of a file between its parts, once', async (t) => {
    const { source, first, second } = await twoParts(t);
    const memory = new SharedArrayBuffer(32);
    const middle = { ...first, from: 3, length: 4 };
    for (const [change, problem] of [
      [(): Promise<void> => appendFile(source, '!'), 'changed while read'],
      [(): Promise<void> => rm(source), 'gone'],
    ] as const) {
      caller++;
      const fingerprint = fingerprintOfFile(source)!;
      const now = (piece: Piece): Piece => ({ ...piece, fingerprint });
      gatherFiles({ memory, pieces: [now({ ...first, length: 3 })], caller }, GO_ON);
      await change();
      const faults = gatherFiles({ memory, pieces: [now(middle), now(second)], caller }, GO_ON);
      assert.deepEqual(faults, [{ piece: 0, problem, found: '' }]);
    }
  });

  it('refuses a file that is shorter than it must be', async (t) => {
    const { first, second } = await twoParts(t);
    const memory = new SharedArrayBuffer(64);
    const pieces = [first, { ...second, length: second.length + 1 }];
    assert.deepEqual(gatherFiles({ memory, pieces, caller: ++caller }, GO_ON), [
      { piece: 1, problem: 'wrong', found: hashOf(TEXT) },
    ]);
  });

  it('stops when it is asked to, and fails where a file cannot be read', async (t) => {
    const { first } = await twoParts(t);
    const memory = new SharedArrayBuffer(32);
    const directory = await temporaryDirectory(t);
    const pieces = [{ ...first, source: directory, fingerprint: fingerprintOf(statSync(directory)) }];
    assert.deepEqual(
      gatherFiles({ memory, pieces: [first], caller: ++caller }, () => true),
      [],
    );
    assert.equal(Buffer.from(memory).toString('hex'), '00'.repeat(32));
    const [fault] = gatherFiles({ memory, pieces, caller: ++caller }, GO_ON);
    assert.equal(fault?.problem, 'elsewhere');
    const below = [{ ...first, source: join(first.source, 'below') }];
    refuses(
      () => gatherFiles({ memory, pieces: below, caller: ++caller }, GO_ON),
      'io',
      /^Cannot read .*ENOTDIR/,
    );
  });
});
