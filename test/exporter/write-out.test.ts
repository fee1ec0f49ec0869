import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WriteOut } from '../../exporter/write-out.js';

const CHUNK = 16 << 20;

/** A file of which each fdatasync ends when it is told to. */
class SlowFile {
  readonly calls: string[] = [];
  readonly #ends: PromiseWithEnds[] = [];

  datasync(): Promise<void> {
    this.calls.push('datasync');
    return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }));
  }

  sync(): Promise<void> {
    this.calls.push('sync');
    return Promise.resolve();
  }

  async end(error?: Error): Promise<void> {
    const { resolve, reject } = this.#ends.shift()!;
    if (error === undefined) resolve();
    else reject(error);
    await new Promise(setImmediate);
  }
}

interface PromiseWithEnds {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

describe('WriteOut', () => {
  it('gives the disk what was written before the end, and never twice at a time', async () => {
    const file = new SlowFile();
    const out = new WriteOut(file);
    out.add(CHUNK);
    assert.deepEqual(file.calls, []);
    out.add(CHUNK);
    for (let n = 0; n < 5; n++) out.add(CHUNK);
    assert.deepEqual(file.calls, ['datasync']);
    await file.end();
    out.add(CHUNK);
    assert.deepEqual(file.calls, ['datasync', 'datasync']);
    const ended = out.end();
    await file.end();
    await ended;
    assert.deepEqual(file.calls, ['datasync', 'datasync', 'sync']);
  });

  it('makes a file durable that is too small for that', async () => {
    const file = new SlowFile();
    await new WriteOut(file).end();
    assert.deepEqual(file.calls, ['sync']);
  });

  it('keeps an error of the disk, which tells it once, to the end', async () => {
    const file = new SlowFile();
    const out = new WriteOut(file);
    out.add(2 * CHUNK);
    await file.end(new Error('EIO'));
    out.add(2 * CHUNK);
    await file.end();
    await assert.rejects(out.end(), /EIO/);
    assert.deepEqual(file.calls, ['datasync', 'datasync']);
  });

  it('waits until the file may be closed, whatever the disk says', async () => {
    const file = new SlowFile();
    const out = new WriteOut(file);
    out.add(2 * CHUNK);
    let isSettled = false;
    const settled = out.settle().then(() => {
      isSettled = true;
    });
    await new Promise(setImmediate);
    assert.equal(isSettled, false);
    await file.end(new Error('EIO'));
    await settled;
  });
});
