import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CondaDiffError, isSystemError } from '../../shared/errors.js';
import { memoryOf, packError, unpackError } from '../../shared/thread-message.js';
import { Thread } from '../../shared/threads.js';
import { temporaryDirectory } from '../support/channel.js';
import { startProcess } from '../support/spawned.js';

const fileOf = (module: string): string => fileURLToPath(new URL(module, import.meta.url));

describe('Thread', () => {
  it('does one job after the other, in the order of the calls, and answers each', async (t) => {
    const directory = await temporaryDirectory(t);
    const files = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const file = join(directory, String(n));
        await writeFile(file, 'x'.repeat(n));
        return { file, md5: false };
      }),
    );
    const thread = new Thread();
    const order: number[] = [];
    const sizes = await Promise.all(
      files.map(async (file, n) => {
        const [result] = await thread.call('hash-files', [file]);
        order.push(n);
        return result && 'size' in result ? result.size : undefined;
      }),
    );
    assert.deepEqual(sizes, [...files.keys()]);
    assert.deepEqual(order, [...files.keys()]);
    assert.equal(thread.pending, 0);
  });

  it('carries over what a job throws, and goes on', async (t) => {
    const thread = new Thread();
    const broken = thread.call('hash-files', undefined as never);
    await assert.rejects(broken, (error: Error) => error.stack?.includes('hash-files.js') === true);
    const file = join(await temporaryDirectory(t), 'a');
    await writeFile(file, 'abc');
    assert.equal((await thread.call('hash-files', [{ file, md5: false }])).length, 1);
  });

  it('fails with the reason of the signal, before the call and during it', async () => {
    const thread = new Thread();
    const early = AbortSignal.abort(new CondaDiffError('interrupted', 'Early'));
    await assert.rejects(thread.call('hash-files', [], { signal: early }), { message: 'Early' });
    const abort = new AbortController();
    const endless = thread.call('hash-files', [{ file: '/dev/zero', md5: false }], { signal: abort.signal });
    setTimeout(() => {
      abort.abort(new CondaDiffError('interrupted', 'Late'));
    }, 50);
    await assert.rejects(endless, { message: 'Late' });
  });

  it('fails what waits when the thread dies, and starts another', async (t) => {
    const file = join(await temporaryDirectory(t), 'dies.mjs');
    await writeFile(
      file,
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(3));',
    );
    const thread = new Thread(() => file);
    for (let i = 0; i < 2; i++) {
      const calls = [thread.call('hash-files', []), thread.call('hash-files', [])];
      for (const call of calls) await assert.rejects(call, /worker thread ended with code 3/);
    }
    await writeFile(file, 'throw new RangeError("At start");');
    await assert.rejects(thread.call('hash-files', []), /At start/);
  });

  it('does not keep the process alive when it has nothing to do, and does while it has', async () => {
    const script = `
      const { idlestThread } = await import(${JSON.stringify(fileOf('../../shared/threads.js'))});
      const again = () => idlestThread().call('hash-files', [{ file: process.execPath, md5: false }]);
      void again().then(again).then(([{ size }]) => console.log(size > 0));`;
    const { ended } = startProcess(process.execPath, ['--input-type=module', '-e', script]);
    assert.deepEqual(await ended, { code: 0, signal: null, stdout: 'true\n', stderr: '' });
  });

  it('starts from the command itself where there is no file beside it', async (t) => {
    const directory = await temporaryDirectory(t);
    await mkdir(join(directory, 'shared'));
    const url = (module: string): string => JSON.stringify(new URL(module, import.meta.url).href);
    const bundle = join(directory, 'bundle.mjs');
    await writeFile(
      bundle,
      `import { runProgram, createProgram } from ${url('../../shared/cli-shell.js')};
       import { Thread } from ${url('../../shared/threads.js')};
       const program = createProgram('bundle', '').action(async () => {
         const thread = new Thread(() => ${JSON.stringify(bundle)});
         const [{ size }] = await thread.call('hash-files', [{ file: process.execPath, md5: false }]);
         console.log(size > 0);
       });
       await runProgram(program, ['node', 'bundle']);`,
    );
    const { ended } = startProcess(process.execPath, [bundle]);
    assert.deepEqual(await ended, { code: 0, signal: null, stdout: 'true\n', stderr: '' });
  });
});

describe('errors between threads', () => {
  const over = (error: unknown): Error => unpackError(structuredClone(packError(error)));

  it('keeps all of ours', () => {
    const parts = { hint: 'Do that', details: ['a', 'b'], outcome: 'drifted' };
    const error = over(new CondaDiffError('fit', 'Text', parts));
    assert.ok(error instanceof CondaDiffError);
    const { code, message, hint, details, outcome } = error;
    assert.deepEqual({ code, message, hint, details, outcome }, { code: 'fit', message: 'Text', ...parts });
  });

  it('keeps what a failed system call says', () => {
    const parts = { code: 'ENOENT', syscall: 'open', path: '/a' };
    const error = over(Object.assign(new Error('ENOENT: no such file'), parts));
    assert.ok(isSystemError(error));
    const { code, syscall, path, message } = error;
    assert.deepEqual({ code, syscall, path, message }, { ...parts, message: 'ENOENT: no such file' });
  });

  it('keeps the stack of a bug', () => {
    const bug = new TypeError('x is not a function');
    assert.equal(over(bug).stack, bug.stack);
    assert.equal(over('thrown').message, 'thrown');
  });
});

describe('memoryOf', () => {
  it('finds the memory that a value fills, once, and no shared or partly used memory', () => {
    const whole = new Uint8Array(8);
    const value = {
      a: [whole, { b: new Float64Array(whole.buffer) }],
      c: new Uint8Array(whole.buffer, 0, 4),
      d: new Uint8Array(new SharedArrayBuffer(8)),
      e: 'text',
      f: null,
    };
    assert.deepEqual(memoryOf(value), [whole.buffer]);
    assert.deepEqual(memoryOf(undefined), []);
  });
});
