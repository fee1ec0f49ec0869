import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../shared/lock.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

const SCRIPT = fileURLToPath(new URL('../support/lock-child.js', import.meta.url));

/** A process that takes and releases locks. */
class Child {
  readonly process: ChildProcess;
  readonly #lines: Interface;
  readonly #said: string[] = [];

  constructor(t: TestContext, repository: string) {
    this.process = spawn(process.execPath, [SCRIPT, repository], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.process.stdout! });
    this.#lines.on('line', (line) => this.#said.push(line));
    t.after(() => this.process.kill('SIGKILL'));
  }

  async says(): Promise<string> {
    while (this.#said.length === 0) await once(this.#lines, 'line');
    return this.#said.shift()!;
  }

  tell(line: 'go' | 'release'): void {
    this.process.stdin!.write(`${line}\n`);
  }
}

async function child(t: TestContext, repository: string): Promise<Child> {
  const one = new Child(t, repository);
  assert.equal(await one.says(), 'ready');
  return one;
}

interface Holder {
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
  readonly started: string;
  readonly command: string;
  readonly id: string;
}

/** What this process writes into a lock. */
async function ownHolder(repository: string): Promise<Holder> {
  const file = join(repository, '.conda-diff', 'lock');
  return withLock(repository, 'a test', () =>
    Promise.resolve(JSON.parse(readFileSync(file, 'utf8')) as Holder),
  );
}

async function plant(repository: string, holder: Holder | string): Promise<void> {
  await mkdir(join(repository, '.conda-diff'), { recursive: true });
  const text = typeof holder === 'string' ? holder : JSON.stringify(holder);
  await writeFile(join(repository, '.conda-diff', 'lock'), text);
}

const nothing = (): Promise<string> => Promise.resolve('done');

describe('withLock', () => {
  it('gives the result, makes the state directory (0700), and leaves no lock, also after an error', async (t) => {
    const repository = await temporaryDirectory(t);
    assert.equal(await withLock(repository, 'a test', nothing), 'done');
    assert.equal(statSync(join(repository, '.conda-diff')).mode & 0o777, 0o700);
    await assert.rejects(
      withLock(repository, 'a test', () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.deepEqual(await readdir(join(repository, '.conda-diff')), []);
  });

  it('refuses a second taker, in this and in another process, and names the holder', async (t) => {
    const repository = await temporaryDirectory(t);
    await withLock(repository, 'conda-diff-export create', async () => {
      const error = await rejects(
        withLock(repository, 'second', nothing),
        'locked',
        new RegExp(`in use by conda-diff-export create \\(process ${String(process.pid)} on `),
      );
      assert.equal(error.exitCode, 11);
      assert.match(error.hint ?? '', /Wait until it has finished/);
      const other = await child(t, repository);
      other.tell('go');
      assert.equal(await other.says(), 'locked');
    });
    assert.deepEqual(await readdir(join(repository, '.conda-diff')), []);
  });

  it('refuses while another process holds it, and goes on when that has ended, however it ended', async (t) => {
    const repository = await temporaryDirectory(t);
    const other = await child(t, repository);
    other.tell('go');
    assert.equal(await other.says(), 'taken');
    await rejects(withLock(repository, 'second', nothing), 'locked', /in use by lock-child/);
    other.tell('release');
    assert.equal(await other.says(), 'free');
    assert.equal(await withLock(repository, 'second', nothing), 'done');
    other.tell('go');
    assert.equal(await other.says(), 'taken');
    other.process.kill('SIGKILL');
    await once(other.process, 'exit');
    assert.ok(existsSync(join(repository, '.conda-diff', 'lock')));
    assert.equal(await withLock(repository, 'second', nothing), 'done');
  });

  const stale: readonly [what: string, change: (self: Holder) => Holder | string][] = [
    ['of a process that is gone', (self) => ({ ...self, pid: 2 ** 22 + 1 })],
    ['of another boot', (self) => ({ ...self, boot: '00000000-0000-0000-0000-000000000000' })],
    ['of an earlier process with the same number', (self) => ({ ...self, started: '1' })],
    ['that is not readable', () => 'garbage'],
  ];
  for (const [what, change] of stale) {
    it(`clears a lock ${what}`, async (t) => {
      const repository = await temporaryDirectory(t);
      await plant(repository, change(await ownHolder(repository)));
      assert.equal(await withLock(repository, 'a test', nothing), 'done');
      assert.deepEqual(await readdir(join(repository, '.conda-diff')), []);
    });
  }

  it('takes an empty lock for one that is being written, and clears it when it stays so', async (t) => {
    const repository = await temporaryDirectory(t);
    await plant(repository, '');
    await rejects(withLock(repository, 'a test', nothing), 'locked', /in use by another run/);
    const earlier = Date.now() / 1000 - 6;
    await utimes(join(repository, '.conda-diff', 'lock'), earlier, earlier);
    assert.equal(await withLock(repository, 'a test', nothing), 'done');
  });

  it('clears a stale lock whose guard is stale, too: a run was killed while it cleared', async (t) => {
    const repository = await temporaryDirectory(t);
    const dead = { ...(await ownHolder(repository)), started: '1' };
    await plant(repository, dead);
    const guard = (holder: Holder): string => `lock.${hashOf(JSON.stringify(holder)).slice(0, 16)}.partial`;
    const second = { ...dead, id: 'second' };
    await writeFile(join(repository, '.conda-diff', guard(dead)), JSON.stringify(second));
    assert.equal(await withLock(repository, 'a test', nothing), 'done');
    await plant(repository, dead);
    await writeFile(
      join(repository, '.conda-diff', guard(dead)),
      JSON.stringify(await ownHolder(join(repository, 'other'))),
    );
    await rejects(withLock(repository, 'a test', nothing), 'locked');
  });

  it('does not clear a lock of another host, and says how to', async (t) => {
    const repository = await temporaryDirectory(t);
    const file = join(repository, '.conda-diff', 'lock');
    await plant(repository, {
      ...(await ownHolder(repository)),
      host: `not-${hostname()}`,
      pid: 2 ** 22 + 1,
    });
    const error = await rejects(withLock(repository, 'a test', nothing), 'locked', /on not-/);
    assert.ok(error.hint?.includes(`remove ${file} and run again`), error.hint);
    assert.ok(existsSync(file));
  });

  for (const count of [2, 4])
    it(`lets exactly one of ${String(count)} processes have a stale lock`, async (t) => {
      const repository = await temporaryDirectory(t);
      const self = await ownHolder(repository);
      const children = await Promise.all(Array.from({ length: count }, () => child(t, repository)));
      for (let round = 0; round < 40; round++) {
        await plant(repository, { ...self, started: '1', id: String(round) });
        for (const one of children) one.tell('go');
        const said = await Promise.all(children.map((one) => one.says()));
        const losers = Array<string>(count - 1).fill('locked');
        assert.deepEqual([...said].sort(), [...losers, 'taken'], `round ${String(round)}`);
        const winner = children[said.indexOf('taken')]!;
        winner.tell('release');
        assert.equal(await winner.says(), 'free');
      }
      assert.deepEqual(await readdir(join(repository, '.conda-diff')), []);
    });

  it('says which directory cannot be locked', async (t) => {
    const repository = await temporaryDirectory(t);
    await writeFile(join(repository, '.conda-diff'), 'a file');
    await rejects(withLock(repository, 'a test', nothing), 'io', /Cannot lock .*EEXIST/);
  });
});
