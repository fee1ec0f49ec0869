import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { HashCache } from '../../shared/hash-cache.js';
import { NO_GLOBS } from '../../shared/globs.js';
import type { Amount, Phase, Progress } from '../../shared/progress.js';
import { readState } from '../../shared/read-state.js';
import { shellWord } from '../../shared/shell-word.js';
import { fileScope, temporaryDirectory, writeChannel } from '../support/channel.js';
import { commandPath, skipWithout } from '../support/run-command.js';
import { startProcess } from '../support/spawned.js';

/** So long that other threads read it, in more than one piece. */
const INDEX_BYTES = 9 << 20;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

const mirror = join(await temporaryDirectory(fileScope()), 'mirror');
const index = join(mirror, 'noarch/repodata.json');
await writeChannel(mirror, { noarch: NAMES.map((name) => ({ name })), 'linux-64': [{ name: 'z' }] });
await writeFile(index, (await readFile(index, 'utf8')).padStart(INDEX_BYTES));

/** What is drawn on stderr while each reading of the index takes some time longer. */
async function shown(milliseconds: number, args: readonly string[], width?: number): Promise<string> {
  const slow = ['-f', '-o', '/dev/null', '-P', index, '-e', 'trace=read'];
  const delay = `inject=read:delay_enter=${String(milliseconds * 1000)}`;
  const command = [process.execPath, commandPath('conda-diff-export'), ...args];
  const program = ['strace', ...slow, '-e', delay, ...command];
  if (width === undefined) {
    const { code, stderr } = await startProcess('strace', program.slice(1)).ended;
    assert.equal(code, 0, stderr);
    return stderr;
  }
  const line = `stty cols ${String(width)}; ${program.map(shellWord).join(' ')} >/dev/null`;
  const { code, stdout } = await startProcess('script', ['-qefc', line, '/dev/null']).ended;
  assert.equal(code, 0, stdout);
  return stdout;
}

/** What a terminal was asked to show, line by line. */
function linesOf(drawn: string): string[] {
  const plain = drawn.replaceAll(/\u001b(\[[0-9;?]*[A-Za-z]|[78])/g, '\n');
  return plain.split(/[\r\n]+/).filter((line) => line.trim() !== '');
}

describe('the scan of a mirror', { concurrency: 3, skip: skipWithout('strace', 'script') }, () => {
  test('shows on a terminal how far it is with the bytes of the indexes, and leaves nothing behind', async () => {
    const drawn = await shown(25, ['show', mirror, '--base', 'empty'], 100);
    const lines = linesOf(drawn);
    const shares = lines.map(
      (line) =>
        /^scan .* (\d+) % {2}\d.* of 9\.4 MB, \d of 2 files(?: {2}\S+ k?M?B\/s {2}.* left)?$/.exec(line)?.[1],
    );
    assert.ok(shares.length >= 3, drawn);
    assert.ok(!shares.includes(undefined), JSON.stringify(lines));
    const numbers = shares.map(Number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.ok(new Set(numbers).size >= 4, String(numbers));
    assert.match(drawn, /\u001b\[(0K|K|2K|1G|J)[^\n]*$/); // the last thing is that the line is cleared
  });

  test('fits a narrow one', async () => {
    const lines = linesOf(await shown(20, ['show', mirror, '--base', 'empty'], 30));
    assert.ok(lines.length > 0);
    for (const line of lines) assert.match(line.padEnd(29), /^scan .* %.{0,24}$/);
    for (const line of lines) assert.ok(line.length < 30, line);
  });

  test('says so every few seconds on a pipe', async () => {
    const said = await shown(90, ['show', mirror, '--base', 'empty']);
    assert.match(said, /^scan .* of 9\.4 MB, \d of 2 files .* left$/m);
    assert.doesNotMatch(said, /\u001b/);
  });

  test('says nothing with -q, nor with -v, whose lines tell enough', async () => {
    for (const flag of ['-q', '-v'])
      assert.equal(await shown(20, ['show', mirror, '--base', 'empty', flag], 100), '', flag);
  });
});

describe('readState', () => {
  for (const threads of [true, false]) {
    test(`tells of indexes, files, and hashing, ${threads ? 'in threads' : 'in one'}`, async () => {
      const phases: {
        phase: Phase;
        total: Amount | undefined;
        done: { files: number; bytes: number };
        ended: boolean;
      }[] = [];
      const progress: Progress = {
        begin: (phase, total) =>
          void phases.push({ phase, total, done: { files: 0, bytes: 0 }, ended: false }),
        advance: (files, bytes) => {
          const { done } = phases.at(-1) as (typeof phases)[number];
          done.files += files;
          done.bytes += bytes;
        },
        end: () => ((phases.at(-1) as (typeof phases)[number]).ended = true),
      };
      const cache = await HashCache.open(mirror);
      await readState(mirror, { globs: NO_GLOBS, cache, progress, threads, mustHash: 'all' });
      assert.deepEqual(
        phases.map(({ phase }) => phase),
        ['scan', 'scan', 'verify'],
      );
      for (const { total, done, ended } of phases) {
        assert.deepEqual(done, total);
        assert.ok(ended);
      }
      const [indexes, files] = phases;
      assert.equal(indexes?.total?.files, 2);
      assert.ok(indexes.total.bytes > INDEX_BYTES);
      assert.ok((files?.total?.files ?? 0) >= NAMES.length + 1);
      assert.equal(files?.total?.bytes, 0);
    });
  }
});
