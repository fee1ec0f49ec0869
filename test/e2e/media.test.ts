import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileScope, listTree, temporaryDirectory } from '../support/channel.js';
import { assertSettled, command, crossingOfFile, packages, separateCopy } from '../support/crossing.js';
import { createUpdate, setFirstBase } from '../support/exporting.js';
import { nextRuns } from '../support/importing.js';
import { runHere } from '../support/in-process.js';
import {
  mountFat,
  mountReadOnly,
  mountTmpfs,
  mountOnItself,
  mountTmpfsOn,
  skipWithoutMounts,
  unmount,
} from '../support/mounts.js';
import { commandPath, skipWithout } from '../support/run-command.js';
import { type Ended, type Spawned, start, startProcess } from '../support/spawned.js';
import { type Call, runTraced } from '../support/strace.js';

const noarch = packages(100, 110);
const crossing = crossingOfFile(
  [
    { 'linux-64': packages(0, 30), noarch },
    {
      'linux-64': [...packages(5, 28), ...packages(28, 30, 'replaced '), ...packages(50, 60)],
      noarch,
      'win-64': packages(70, 72),
    },
  ],
  { zst: true, shards: 'shards', channeldata: true },
);
const STRANGER = 65534;

async function updateOf(): Promise<string> {
  return (await crossing).updates[0] ?? '';
}

async function freshCopy(t: Pick<TestContext, 'after'>): Promise<string> {
  return separateCopy(await crossing, t);
}

async function apply(copy: string, code = 0): Promise<string> {
  return (await command('conda-diff-import', ['apply', await updateOf(), copy], code)).stderr;
}

async function undo(copy: string, code = 0): Promise<string> {
  return (await command('conda-diff-import', ['undo', copy], code)).stderr;
}

/** What follows where the point was made. */
const next = nextRuns(process.env.CONDA_DIFF_CALLS === 'all');

async function applyNext(copy: string): Promise<void> {
  await next.apply(copy, await updateOf());
  assertSettled(copy, await crossing, [1]);
}

/** Runs the importer with the rights of an owner only: root may write everywhere, whatever the modes say. */
async function runAsOwner(...args: string[]): Promise<Ended> {
  const program = [process.execPath, commandPath('conda-diff-import'), ...args];
  const isRoot = process.getuid?.() === 0;
  const [first = '', ...rest] = isRoot
    ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all', ...program]
    : program;
  return startProcess(first, rest).ended;
}

describe('Read-only media', { skip: skipWithout('setpriv') }, () => {
  it('a directory 0555 of files 0444 works, and nothing is changed there', async (t) => {
    const media = join(await temporaryDirectory(t), 'media');
    cpSync(await updateOf(), media, { recursive: true });
    for (const name of readdirSync(media)) chmodSync(join(media, name), 0o444);
    chmodSync(media, 0o555);
    const before = await listTree(media);
    const copy = await freshCopy(t);
    const { code, stderr } = await runAsOwner('apply', media, copy);
    assert.equal(code, 0, stderr);
    assertSettled(copy, await crossing, [1]);
    assert.deepEqual(await listTree(media), before);
  });

  it('a file system that is mounted read-only works', { skip: skipWithoutMounts() }, async (t) => {
    const media = mountReadOnly(t, await updateOf());
    assert.throws(() => {
      writeFileSync(join(media, 'x'), '');
    }, /EROFS/);
    const copy = await freshCopy(t);
    await command('conda-diff-import', ['apply', media, copy]);
    assertSettled(copy, await crossing, [1]);
  });
});

describe('Two runs at once', () => {
  it('one runs, every other one exits 11 at once', async (t) => {
    const copy = await freshCopy(t);
    const first = start('conda-diff-import', ['apply', await updateOf(), copy]);
    await paused(first, join(copy, '.conda-diff/lock'));
    const others = [
      ['conda-diff-import', 'apply', await updateOf(), copy],
      ['conda-diff-import', 'undo', copy],
      ['conda-diff-import', 'recover', copy],
      ['conda-diff-import', 'gc', copy],
      ['conda-diff-export', 'create', copy, '-o', join(copy, '../out/')],
    ] as const;
    for (const [name, ...args] of others) {
      const { stderr } = await command(name, args, 11);
      assert.match(stderr, new RegExp(`in use by conda-diff-import apply \\(process ${first.pid} on `));
      assert.match(stderr, /Wait until it has finished/);
    }
    first.kill('SIGCONT');
    assert.equal((await first.ended).code, 0);
    assertSettled(copy, await crossing, [1]);
  });

  it('commands that only read tell a commit that is under way from one that was interrupted', async (t) => {
    const copy = await freshCopy(t);
    const first = start('conda-diff-import', ['apply', await updateOf(), copy]);
    await paused(first, join(copy, '.conda-diff/journal.json'));
    const isUnderWay = existsSync(join(copy, '.conda-diff/journal.json'));
    assert.ok(isUnderWay, 'it was stopped too late');
    const reading = [
      ['conda-diff-import', 'verify', copy],
      ['conda-diff-import', 'reference', copy, '-o', join(copy, '../reference.json')],
      ['conda-diff-import', 'check', await updateOf(), copy],
      ['conda-diff-import', 'apply', await updateOf(), copy, '--dry-run'],
      ['conda-diff-export', 'show', copy],
    ] as const;
    const ends = async (code: number, outcome: string, said: RegExp): Promise<void> => {
      for (const [name, ...args] of reading) {
        const result = await runHere(name, [...args, '--json']);
        const { error } = result.json<{ error: { exitCode: number; outcome: string } }>();
        const wanted = name === 'conda-diff-export' && code === 12 ? 10 : code;
        assert.deepEqual([error.exitCode, error.outcome], [wanted, outcome], args.join(' '));
        assert.match(result.stderr, said);
      }
    };
    const status = async () => {
      const { stdout } = await runHere('conda-diff-import', ['status', copy, '--json']);
      return JSON.parse(stdout) as Record<'state' | 'interrupted', unknown> & {
        running: null | { command: string; pid: number; update: { sequence: number } };
      };
    };
    await ends(
      11,
      'import-running',
      /is being changed by conda-diff-import apply \(process \d+ on .*\): there is no state/,
    );
    const during = await status();
    assert.deepEqual([during.state, during.interrupted], [null, null]);
    assert.deepEqual([during.running?.pid, during.running?.update.sequence], [first.pid, 1]);
    const { stdout } = await runHere('conda-diff-import', ['status', copy]);
    assert.match(stdout, /^In use by conda-diff-import apply .*\nThe import of update 1 is under way/);
    first.kill('SIGKILL');
    await first.ended;
    await ends(12, 'interrupted-import', /An interrupted import of .* has not been ended yet/);
    const after = await status();
    assert.equal(after.running, null);
    assert.notEqual(after.interrupted, null);
    await next.recover(copy);
    assertSettled(copy, await crossing, [0, 1]);
  });

  it('four that are started together: one applies, the others exit 11 or find it applied', async (t) => {
    const copy = await freshCopy(t);
    const update = await updateOf();
    const runs = Array.from({ length: 4 }, () =>
      start('conda-diff-import', ['apply', update, copy, '--json']),
    );
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    const outcomes = ends.map(({ code, stdout }) =>
      code === 0 ? (JSON.parse(stdout) as { outcome: string }).outcome : code,
    );
    assert.equal(outcomes.filter((one) => one === 'apply').length, 1, String(outcomes));
    assert.ok(
      outcomes.every((one) => one === 'apply' || one === 'already-applied' || one === 11),
      String(outcomes),
    );
    assertSettled(copy, await crossing, [1]);
  });
});

/** Waits for a file, then stops the process without ending it. */
async function paused(run: Spawned, file: string): Promise<void> {
  while (!existsSync(file) && !run.hasEnded()) await sleep(1);
  run.kill('SIGSTOP');
  assert.ok(!run.hasEnded());
}

describe('A lock that a killed run left', () => {
  const file = fileScope();
  type Lock = Readonly<Record<'host' | 'boot' | 'started', string>> & { readonly pid: number };
  const lockOf = (copy: string): string => join(copy, '.conda-diff/lock');

  /** The lock of a run that was killed: once a process left it, it lies in each copy that asks for it. */
  let known: Promise<Lock> | undefined;
  async function killedLock(copy: string): Promise<Lock> {
    known ??= leaveLock(await freshCopy(file));
    const lock = await known;
    mkdirSync(join(copy, '.conda-diff'), { mode: 0o700 });
    writeFileSync(lockOf(copy), JSON.stringify(lock));
    return lock;
  }

  async function leaveLock(copy: string): Promise<Lock> {
    const run = start('conda-diff-import', ['apply', await updateOf(), copy]);
    await paused(run, lockOf(copy));
    run.kill('SIGKILL');
    assert.equal((await run.ended).signal, 'SIGKILL');
    return JSON.parse(readFileSync(lockOf(copy), 'utf8')) as Lock;
  }

  it('is cleared: its process is gone', async (t) => {
    const copy = await freshCopy(t);
    await killedLock(copy);
    await apply(copy);
    assertSettled(copy, await crossing, [1]);
  });

  const stale: readonly (readonly [what: string, change: (lock: Lock) => Lock])[] = [
    [
      'it is of another boot, though a process has its number',
      (lock) => ({ ...lock, pid: 1, boot: 'earlier' }),
    ],
    ['its number was given to another process', (lock) => ({ ...lock, pid: process.pid })],
  ];
  for (const [what, change] of stale) {
    it(`is cleared: ${what}`, async (t) => {
      const copy = await freshCopy(t);
      writeFileSync(lockOf(copy), JSON.stringify(change(await killedLock(copy))));
      await apply(copy);
      assertSettled(copy, await crossing, [1]);
    });
  }

  it('of another host stays; the message says how to clear it, and that works', async (t) => {
    const copy = await freshCopy(t);
    const lock = await killedLock(copy);
    writeFileSync(lockOf(copy), JSON.stringify({ ...lock, host: 'another.example' }));
    const before = await listTree(copy);
    const stderr = await apply(copy, 11);
    assert.match(stderr, /on another\.example\)/);
    assert.ok(stderr.includes(`if it does not run any more, remove ${lockOf(copy)} and run again`), stderr);
    assert.deepEqual(await listTree(copy), before);
    rmSync(lockOf(copy));
    await applyNext(copy);
  });
});

describe('A file system without hard links', () => {
  /** The calls to which FAT answers so. */
  const REFUSED: readonly Call[] = ['link', 'chmod', 'chown', 'fchmod', 'fchown'];

  it(
    `where ${REFUSED.join(', ')} give EPERM, import and undo work all the same`,
    { skip: skipWithout('strace') },
    async (t) => {
      const copy = await freshCopy(t);
      const refused = new Set<Call>();
      for (const [args, state] of [
        [['apply', await updateOf(), copy], 1],
        [['undo', copy], 0],
        [['apply', await updateOf(), copy], 1],
      ] as const) {
        const refusal = { call: REFUSED, error: 'EPERM', when: '1+' } as const;
        const { code, stderr, calls } = await runTraced('conda-diff-import', args, refusal);
        assert.equal(code, 0, stderr);
        for (const { isInjected, call } of calls) if (isInjected) refused.add(call);
        assertSettled(copy, await crossing, [state]);
        if (state === 1) assertCopied(copy);
      }
      assert.deepEqual([...refused].sort(), [...REFUSED].sort());
    },
  );

  it(
    'which is really mounted: import, undo, and recovery after a kill',
    { skip: skipWithoutMounts() },
    async (t) => {
      const place = mountFat(t, 64);
      const copy = join(place, 'copy');
      execFileSync('cp', ['-r', (await crossing).base, copy]);
      await apply(copy);
      assertSettled(copy, await crossing, [1]);
      assertCopied(copy);
      await undo(copy);
      assertSettled(copy, await crossing, [0]);
      const run = start('conda-diff-import', ['apply', await updateOf(), copy]);
      await paused(run, join(copy, '.conda-diff/journal.json'));
      run.kill('SIGKILL');
      await run.ended;
      await command('conda-diff-import', ['recover', copy]);
      assertSettled(copy, await crossing, [0, 1]);
      await apply(copy);
      assertSettled(copy, await crossing, [1]);
    },
  );

  it('a new copy can be made on it', { skip: skipWithoutMounts() }, async (t) => {
    const copy = join(mountFat(t, 64), 'copy');
    const { mirror, trees } = await crossing;
    const folder = await temporaryDirectory(t);
    await setFirstBase(mirror, undefined, folder);
    await createUpdate(mirror, `${folder}/all.tar`, folder);
    await command('conda-diff-import', ['apply', join(folder, 'all.tar'), copy]);
    assertSettled(copy, { ...(await crossing), trees }, [1]);
  });
});

/** What undo keeps are copies: nothing that is published has a second name. */
function assertCopied(copy: string): void {
  const [attempt = ''] = readdirSync(join(copy, '.conda-diff/undo'));
  const kept = readdirSync(join(copy, '.conda-diff/undo', attempt));
  assert.ok(kept.length > 4, kept.join());
  for (const name of kept) assert.equal(statSync(join(copy, '.conda-diff/undo', attempt, name)).nlink, 1);
}

describe(
  'Files of other owners',
  { skip: skipWithout('setpriv') || (process.getuid?.() !== 0 && 'not root') },
  () => {
    it('that keep their .conda-diff to themselves: nothing is taken for absent because it may not be read', async (t) => {
      const copy = await freshCopy(t);
      await next.apply(copy, await updateOf());
      execFileSync('chown', ['-R', String(STRANGER), join(copy, '.conda-diff')]);
      const update = await updateOf();
      const reading = [
        ['status', copy],
        ['verify', copy],
        ['check', update, copy],
      ];
      for (const args of reading) {
        const { code, stderr } = await runAsOwner(...args);
        assert.equal(code, 15, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr, /Cannot read .*\.conda-diff\/.*: EACCES/);
      }
    });

    it('are copied for undo where they may not be linked, and can be replaced and brought back', async (t) => {
      const copy = await freshCopy(t);
      for (const directory of ['.', 'linux-64', 'linux-64/shards', 'noarch', 'noarch/shards'])
        chmodSync(join(copy, directory), 0o777);
      const index = join(copy, 'linux-64/repodata.json');
      chownSync(index, STRANGER, STRANGER);
      const { code, stderr } = await runAsOwner('apply', await updateOf(), copy);
      assert.equal(code, 0, stderr);
      assertSettled(copy, await crossing, [1]);
      const back = await runAsOwner('undo', copy);
      assert.equal(back.code, 0, back.stderr);
      assertSettled(copy, await crossing, [0]);
    });
  },
);

describe('What makes an import impossible is said before anything is changed', () => {
  async function refused(copy: string, work: () => Promise<string>): Promise<string> {
    const before = await listTree(copy);
    const stderr = await work();
    const left = await listTree(copy);
    assert.deepEqual(left, before);
    return stderr;
  }

  it('a directory that is another file system', { skip: skipWithoutMounts() }, async (t) => {
    const copy = await freshCopy(t);
    const subdir = join(copy, 'linux-64');
    const aside = join(copy, '../aside');
    renameSync(subdir, aside);
    mkdirSync(subdir);
    mountTmpfsOn(subdir, '8m');
    try {
      execFileSync('cp', ['-a', `${aside}/.`, subdir]);
      const stderr = await refused(copy, () => apply(copy, 15));
      assert.ok(stderr.includes(`${subdir} is on another file system than ${copy}/.conda-diff`), stderr);
    } finally {
      unmount(subdir);
    }
  });

  it('a directory that is a mount of the same file system', { skip: skipWithoutMounts() }, async (t) => {
    const copy = join(await freshCopy(t), '../with a blank');
    renameSync(join(copy, '../copy'), copy);
    const subdir = join(copy, 'linux-64');
    mountOnItself(subdir);
    try {
      const stderr = await refused(copy, () => apply(copy, 15));
      assert.ok(stderr.includes(`${subdir} is on another file system than ${copy}/.conda-diff`), stderr);
    } finally {
      unmount(subdir);
    }
    await apply(copy, 0);
  });

  it('to an undo, too: a mount that came after the import', { skip: skipWithoutMounts() }, async (t) => {
    const copy = await freshCopy(t);
    await apply(copy);
    const subdir = join(copy, 'linux-64');
    mountOnItself(subdir);
    try {
      const stderr = await refused(copy, () => undo(copy, 15));
      assert.ok(stderr.includes(`${subdir} is on another file system than ${copy}/.conda-diff`), stderr);
      assert.match(stderr, /cannot be undone; nothing was changed/);
    } finally {
      unmount(subdir);
    }
    await undo(copy);
    assertSettled(copy, await crossing, [0]);
  });

  it('a directory that is a link to another file system', { skip: skipWithoutMounts() }, async (t) => {
    const copy = await freshCopy(t);
    const subdir = join(copy, 'linux-64');
    const other = join(mountTmpfs(t, '8m'), 'linux-64');
    execFileSync('cp', ['-a', subdir, other]);
    execFileSync('rm', ['-r', subdir]);
    symlinkSync(other, subdir);
    const before = await listTree(other);
    const { code, stderr } = await start('conda-diff-import', ['apply', await updateOf(), copy]).ended;
    assert.ok(code === 12 || code === 14, stderr);
    assert.ok(stderr.includes('linux-64'), stderr);
    assert.deepEqual(await listTree(other), before);
  });

  it('our own directory that is a link to another file system', { skip: skipWithoutMounts() }, async (t) => {
    const copy = await freshCopy(t);
    symlinkSync(mountTmpfs(t, '8m'), join(copy, '.conda-diff'));
    const stderr = await refused(copy, () => apply(copy, 14));
    assert.match(stderr, /\.conda-diff is a link; our own state must be a directory in the repository/);
  });

  for (const [directory, what] of [
    ['linux-64', /linux-64 is not writable/],
    ['.', /copy is not writable|Cannot lock .*EACCES/],
  ] as const) {
    it(
      `a directory that may not be written to: ${directory}`,
      { skip: skipWithout('setpriv') },
      async (t) => {
        const copy = await freshCopy(t);
        chmodSync(join(copy, directory), 0o555);
        const stderr = await refused(copy, async () => {
          const run = await runAsOwner('apply', await updateOf(), copy);
          assert.equal(run.code, 15, run.stderr);
          return run.stderr;
        });
        assert.match(stderr, what);
        chmodSync(join(copy, directory), 0o755);
        await applyNext(copy);
      },
    );
  }
});
