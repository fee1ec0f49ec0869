import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { anchoredDisk } from '../../importer/anchored-disk.js';
import type { Disk } from '../../importer/disk.js';
import { pinLinks } from '../../shared/allowed-links.js';
import { hashTree } from '../support/index-reader.js';
import { listTree, temporaryDirectory } from '../support/channel.js';
import { assertSettled, command, crossingOfFile, packages, workLeftIn } from '../support/crossing.js';
import { writeReferenceOf } from '../support/exporting.js';
import { apply, recover, undo } from '../support/importing.js';
import { mountTmpfs, skipWithoutMounts } from '../support/mounts.js';
import type { CommandName } from '../support/run-command.js';
import type { Step } from '../importer/crash/step-disk.js';
import { Crashed, StoppingDisk } from '../importer/crash/stopping-disk.js';

const noarch = packages(20, 24);
const crossing = crossingOfFile(
  [
    { 'linux-64': packages(0, 6), noarch },
    {
      'linux-64': [...packages(1, 5), ...packages(5, 6, 'replaced '), ...packages(10, 14)],
      'linux-64/more': packages(30, 32),
      noarch: [...noarch, ...packages(24, 26)],
    },
  ],
  { zst: true, shards: 'shards' },
);

/** A copy in the first state of which `linux-64` lies elsewhere. */
interface Linked {
  readonly folder: string;
  readonly copy: string;
  readonly link: string;
  readonly target: string;
  /** A configuration that allows the link. */
  readonly config: string;
}

async function linkedCopy(t: TestContext, disk: string): Promise<Linked> {
  const folder = await temporaryDirectory(t);
  const [copy, target, config] = [join(folder, 'copy'), join(disk, 'big'), join(folder, 'site.yaml')];
  execFileSync('cp', ['-a', (await crossing).base, copy]);
  const link = join(copy, 'linux-64');
  execFileSync('mv', [link, target]);
  symlinkSync(target, link);
  writeFileSync(config, `repository: ${copy}\nallowed-links: [linux-64]\n`);
  return { folder, copy, link, target, config };
}

/** As a reader sees the copy: links followed. */
function assertState({ folder, copy, target }: Linked, n: number, files: Awaited<typeof crossing>): void {
  const flat = join(folder, 'flat');
  rmSync(flat, { recursive: true, force: true });
  execFileSync('cp', ['-aL', copy, flat]);
  assertSettled(flat, files, [n]);
  assert.deepEqual(workLeftIn(target), []);
}

const KINDS: readonly (readonly [string, string | false, (t: TestContext) => Promise<string> | string])[] = [
  ['the same file system', false, (t) => temporaryDirectory(t)],
  ['another file system', skipWithoutMounts(), (t) => mountTmpfs(t, '64m')],
];

for (const [where, skip, diskFor] of KINDS) {
  describe(`A subdir behind an allowed link to ${where}`, { skip }, () => {
    it('is updated, verified, undone and updated again as any other', async (t) => {
      const files = await crossing;
      const linked = await linkedCopy(t, await diskFor(t));
      const { folder, copy, link, target, config } = linked;
      assert.equal(statSync(target).dev !== statSync(copy).dev, where.startsWith('another'));
      const run = (...args: string[]) => command('conda-diff-import', [...args, '--config', config]);
      const update = files.updates[0] ?? '';
      await run('check', update);
      await run('apply', update);
      assertState(linked, 1, files);
      assert.ok(lstatSync(link).isSymbolicLink());
      assert.match((await run('verify', '--all')).stdout, /as the last import left it/);
      const other = join(folder, 'mirror.json');
      await writeReferenceOf(files.mirror, other);
      assert.ok(readFileSync(join(copy, '.conda-diff', 'reference.json')).equals(readFileSync(other)));
      const { stdout } = await run('status', '--json');
      assert.ok(
        (JSON.parse(stdout) as { undo: { bytes: number } }).undo.bytes >
          bytesIn(join(target, '.conda-diff')) - 1,
      );
      assert.ok(bytesIn(join(target, '.conda-diff')) > 0);
      await run('undo');
      assertState(linked, 0, files);
      await run('apply', update, '--remove-now');
      assert.deepEqual(hashTree(target), behind('linux-64/', files.trees[1] ?? new Map()));
      await run('undo');
      assertState(linked, 0, files);
      await run('apply', update);
      await run('gc', '--older-than', '0h');
      assertState(linked, 1, files);
      assert.deepEqual(hashTree(target), behind('linux-64/', files.trees[1] ?? new Map()));
    });

    it('is in the state before or after, whenever an import or an undo of it stops', async (t) => {
      const files = await crossing;
      const linked = await linkedCopy(t, await diskFor(t));
      const { folder, copy, target } = linked;
      const links = pinLinks(copy, ['linux-64']);
      const update = files.updates[0] ?? '';
      const kept = join(folder, 'kept');
      const keep = (): void => {
        execFileSync('rm', ['-rf', kept]);
        execFileSync('mkdir', [kept]);
        execFileSync('cp', ['-a', copy, target, kept]);
      };
      const putBack = (): void => {
        execFileSync('rm', ['-rf', copy]);
        execFileSync('find', [target, '-mindepth', '1', '-delete']);
        execFileSync('cp', ['-a', join(kept, 'copy'), folder]);
        execFileSync('cp', ['-a', `${join(kept, 'big')}/.`, target]);
      };
      const stopAtEach = async (work: (disk: Disk) => Promise<unknown>, after: number): Promise<void> => {
        const ends = new Set<string>();
        for (let steps = 1, isOver = false; !isOver; steps += EVERY) {
          putBack();
          isOver = await work(new StoppingDisk(steps)).then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof Crashed) && !(error instanceof Error && error.cause instanceof Crashed))
                throw error;
              return false;
            },
          );
          const recovery = await recover(copy, undefined, links);
          ends.add(recovery?.did ?? 'nothing');
          const isDone = isAt(copy, after, files);
          assert.ok(isDone || (recovery?.did !== 'finished' && !isOver));
          assertState(linked, isDone ? after : 1 - after, files);
        }
        assert.ok(ends.has('finished') && ends.has('nothing'), [...ends].join());
      };
      keep();
      await stopAtEach((disk) => apply(copy, update, { disk, links }), 1);
      keep();
      await stopAtEach((disk) => undo(copy, disk, links), 0);
    });
  });
}

/** Every so many steps; every one at length. */
const EVERY = process.env['CONDA_DIFF_CRASH_ROUNDS'] === undefined ? 31 : 1;

/** Whether what is not behind the link is in a state. */
function isAt(copy: string, n: number, { trees }: Awaited<typeof crossing>): boolean {
  const path = 'noarch/repodata.json';
  return hashTree(copy).get(path) === trees[n]?.get(path);
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .reduce((sum, item) => sum + statSync(join(item.parentPath, item.name)).size, 0);
}

/** What lies below a directory, without its name. */
function behind(directory: string, tree: ReadonlyMap<string, string>): Map<string, string> {
  const found = [...tree].filter(([path]) => path.startsWith(directory));
  return new Map(found.map(([path, sha256]) => [path.slice(directory.length), sha256]));
}

describe('Allowed links', () => {
  it('are needed by whoever ends an import that was made with them', async (t) => {
    const files = await crossing;
    const update = files.updates[0] ?? '';
    const stopped = async (steps: number): Promise<Linked & { readonly taken: readonly Step[] }> => {
      const linked = await linkedCopy(t, await temporaryDirectory(t));
      const disk = new StoppingDisk(steps);
      await apply(linked.copy, update, { disk, links: pinLinks(linked.copy, ['linux-64']) }).catch(
        () => undefined,
      );
      return { ...linked, taken: disk.taken };
    };
    const { taken } = await stopped(Number.POSITIVE_INFINITY);
    const journal = taken.findIndex(({ call, path }) => call === 'rename' && path.endsWith('/journal.json'));
    const before = taken.slice(0, journal);
    const made = before.filter(({ call, path }) => call === 'make-directory' && path.includes('/linux-64/'));
    assert.equal(made.length, 4, 'the area, and stage, undo and the directory of the attempt in it');
    for (const step of made) {
      const above = dirname(step.path);
      const rest = before.slice(before.indexOf(step));
      const isSynced = rest.some(({ call, path }) => call === 'sync-directory' && path === above);
      assert.ok(isSynced, `${step.path} is not durable before the journal is`);
    }
    for (const last of ['linux-64/repodata.json', '.conda-diff/committed.json']) {
      const linked = await stopped(taken.findIndex(({ path }) => path.endsWith(last)) + 1);
      const { copy, config, target } = linked;
      const trees = [await listTree(copy), await listTree(target)];
      for (const args of [
        ['recover', copy],
        ['undo', copy],
        ['apply', update, copy],
      ]) {
        const { stderr } = await command('conda-diff-import', args, 2);
        assert.match(
          stderr,
          /made with other allowed links[^]*linux-64 leads out[^]*'allowed-links' in the file/,
        );
      }
      assert.deepEqual([await listTree(copy), await listTree(target)], trees);
      assert.match(
        (await command('conda-diff-import', ['recover', '--config', config])).stdout,
        /was finished/,
      );
      assertState(linked, 1, files);
      await command('conda-diff-import', ['gc', copy], 2);
      await command('conda-diff-import', ['undo', '--config', config]);
      assertState(linked, 0, files);
    }
  });

  it('are needed with their disks by whoever ends an import', async (t) => {
    const fresh = await crossingOfFile(
      [{ noarch }, { noarch: [...noarch, ...packages(24, 26)], 'big/linux-64': packages(0, 6) }],
      {},
    );
    const linkedNew = async (): Promise<Linked> => {
      const folder = await temporaryDirectory(t);
      const [copy, target] = [join(folder, 'copy'), join(folder, 'disk')];
      const [link, config] = [join(copy, 'big'), join(folder, 'site.yaml')];
      execFileSync('cp', ['-a', fresh.base, copy]);
      mkdirSync(target);
      symlinkSync(target, link);
      writeFileSync(config, `repository: ${copy}\nallowed-links: [big]\n`);
      return { folder, copy, link, target, config };
    };
    const update = fresh.updates[0] ?? '';
    const stopped = async (steps: number): Promise<Linked & { readonly taken: readonly Step[] }> => {
      const linked = await linkedNew();
      const disk = new StoppingDisk(steps);
      const links = pinLinks(linked.copy, ['big']);
      await apply(linked.copy, update, { disk, links }).catch(() => undefined);
      return { ...linked, taken: disk.taken };
    };
    const { taken } = await stopped(Number.POSITIVE_INFINITY);
    for (const last of ['/journal.json', 'big/linux-64/repodata.json', '/committed.json']) {
      const linked = await stopped(taken.findIndex(({ path }) => path.endsWith(last)) + 1);
      const { copy, target, config } = linked;
      renameSync(target, `${target}-away`);
      mkdirSync(target);
      const before = await listTree(copy);
      for (const args of [['recover'], ['undo'], ['apply', update]]) {
        const { stderr } = await command('conda-diff-import', [...args, '--config', config], 15);
        assert.match(
          stderr,
          /cannot be ended without all of its disks\n.*big\/\.conda-diff[^]*Mount the disks/,
        );
      }
      assert.deepEqual(await listTree(copy), before);
      rmSync(target, { recursive: true });
      renameSync(`${target}-away`, target);
      const { stdout } = await command('conda-diff-import', ['recover', '--config', config]);
      assert.match(stdout, /was finished/);
      assertState(linked, 1, fresh);
    }
  });

  it('lead to a part of the repository: neither keys nor settings are taken from there, nor outputs put', async (t) => {
    const { folder, copy, target, config } = await linkedCopy(t, await temporaryDirectory(t));
    const within = join(target, 'within');
    mkdirSync(within);
    rmSync(join(target, 'repodata.json'));
    execFileSync('cp', [config, join(within, 'site.yaml')]);
    execFileSync('cp', [config, join(target, 'conda-diff.yaml')]);
    await command('conda-diff-export', ['keygen', join(folder, 'key')]);
    for (const kind of ['private', 'public'])
      execFileSync('cp', [join(folder, `key.${kind}.pem`), join(within, `key.${kind}.pem`)]);
    const update = (await crossing).updates[0] ?? '';
    const refusals: readonly (readonly [string[], RegExp])[] = [
      [['status', '--config', join(within, 'site.yaml')], /The configuration .* lies in the repository/],
      [
        ['check', update, '--config', config, '--trusted-key', join(within, 'key.public.pem')],
        /The key .* lies in the repository/,
      ],
      [
        ['undo', '--config', config, '--sign-key', join(within, 'key.private.pem')],
        /The key .* lies in the repository/,
      ],
    ];
    for (const [args, pattern] of refusals)
      assert.match((await command('conda-diff-import', args, 2)).stderr, pattern);
    const own = ['reference', copy, '--config', join(within, 'site.yaml')];
    assert.match((await command('conda-diff-export', own, 2)).stderr, /lies in the repository/);
    const outputs: readonly (readonly [CommandName, string[]])[] = [
      ['conda-diff-import', ['reference', '-o', join(within, 'ticket.json')]],
      ['conda-diff-import', ['report', update, '-o', join(within, 'report.html')]],
      ['conda-diff-export', ['reference', '-o', join(within, 'ticket.json')]],
      ['conda-diff-export', ['create', '--report', '-o', `${within}/`]],
    ];
    for (const [name, args] of outputs) {
      const { stderr } = await command(name, [...args, '--config', config], 2);
      assert.match(stderr, /would become a file of the repository/, args.join(' '));
    }
    await command('conda-diff-import', [
      'reference',
      '-o',
      join(within, 'reference.json'),
      '--config',
      config,
    ]);
    // By this name it is never mirrored
    await command('conda-diff-import', ['status', '--config', join(target, 'conda-diff.yaml')]);
  });

  it('allow nothing else: neither another link nor one below', async (t) => {
    const files = await crossing;
    const ways = [
      ['noarch', 12, () => /noarch\/repodata\.json: in the base, not here/],
      [
        'linux-64/more',
        14,
        (place: string) =>
          new RegExp(`more leads out of the repository, to ${place}[^]*it under 'allowed-links'`),
      ],
    ] as const;
    for (const [path, code, pattern] of ways) {
      const linked = await linkedCopy(t, await temporaryDirectory(t));
      const { folder, copy, target, config } = linked;
      const outside = join(folder, 'outside');
      if (path === 'noarch') renameSync(join(copy, path), outside);
      else mkdirSync(outside);
      symlinkSync(outside, join(copy, path));
      const before = [await listTree(copy), await listTree(target), await listTree(outside)];
      const args = ['apply', files.updates[0] ?? '', '--config', config, '--accept-drift'];
      const { stderr } = await command('conda-diff-import', args, code);
      assert.match(stderr, pattern(outside));
      assert.deepEqual([await listTree(copy), await listTree(target), await listTree(outside)], before);
    }
  });

  it('lead where they led at the beginning: one that is turned meanwhile is refused', async (t) => {
    const files = await crossing;
    const linked = await linkedCopy(t, await temporaryDirectory(t));
    const { folder, copy, link, target } = linked;
    const links = pinLinks(copy, ['linux-64']);
    const outside = join(folder, 'outside');
    execFileSync('cp', ['-a', target, outside]);
    for (const own of ['stage', 'trash', 'undo'])
      mkdirSync(join(outside, '.conda-diff', own), { recursive: true });
    const before = [await listTree(outside), hashTree(outside)];
    const update = files.updates[0] ?? '';
    const turn = (to: string): void => {
      unlinkSync(link);
      symlinkSync(to, link);
    };
    /** Whether the n-th change behind the link was met, and the link turned directly before it. */
    const turnedBefore = async (n: number): Promise<boolean> => {
      let count = 0;
      const disk = beforeEach(anchoredDisk({ root: copy, links }), (paths) => {
        if (paths.some((path) => path.startsWith(`${link}/`)) && ++count === n) turn(outside);
      });
      const [result] = await Promise.allSettled([apply(copy, update, { disk, links })]);
      assert.equal(result.status, count >= n ? 'rejected' : 'fulfilled');
      // Not only when the re-check finds other files: before the next change
      if (result.status === 'rejected') assert.match(String(result.reason), /leads out of the repository/);
      turn(target);
      assert.deepEqual([await listTree(outside), hashTree(outside)], before, String(n));
      await recover(copy, undefined, links);
      await apply(copy, update, { links });
      assertState(linked, 1, files);
      await undo(copy, undefined, links);
      return count >= n;
    };
    let n = 1;
    while (await turnedBefore(n)) n += EVERY;
    assert.ok(n > 20, String(n));
  });

  it('have to lead to a directory that is free for them', async (t) => {
    const { folder, copy, link, target, config } = await linkedCopy(t, await temporaryDirectory(t));
    const refused = async (code: number, pattern: RegExp): Promise<void> => {
      const { stderr } = await command('conda-diff-import', ['status', '--config', config], code);
      assert.match(stderr, pattern);
    };
    const allow = (...paths: string[]): void => {
      writeFileSync(config, `repository: ${copy}\nallowed-links: ${JSON.stringify(paths)}\n`);
    };
    const turn = (to: string): void => {
      unlinkSync(link);
      symlinkSync(to, link);
    };
    allow('linux-64', 'linux-64', 'noarch', 'osx-64');
    await command('conda-diff-import', ['status', '--config', config]);
    allow('../x');
    await refused(2, /\.\.\/x cannot be an allowed link/);
    allow('linux-64');
    turn(join(folder, 'unmounted'));
    await refused(15, /linux-64 leads nowhere[^]*mount the disk/);
    turn(config);
    await refused(2, /which is no directory/);
    turn(folder);
    await refused(2, /which the repository lies in/);
    turn('/');
    await refused(2, /it leads to \/, which the repository lies in/);
    turn(target);
    symlinkSync(target, join(copy, 'osx-64'));
    allow('linux-64', 'osx-64');
    await refused(2, /it leads to .*big, and linux-64 to/);
    unlinkSync(join(copy, 'osx-64'));
    mkdirSync(join(folder, 'below'));
    symlinkSync(join(folder, 'below'), join(target, 'more'));
    allow('linux-64/more');
    await refused(2, /it lies behind another link/);
    unlinkSync(join(target, 'more'));
    allow('linux-64');
    await command('conda-diff-import', ['reference', target, '-o', join(folder, 'r.json')]);
    mkdirSync(join(target, '.conda-diff'), { recursive: true });
    writeFileSync(join(target, '.conda-diff', 'hash-cache'), '');
    await refused(2, /which is a repository itself/);
    rmSync(join(target, '.conda-diff'), { recursive: true });
    symlinkSync(folder, join(target, '.conda-diff'));
    await refused(14, /\.conda-diff is a link/);
  });

  it('need room on each disk', { skip: skipWithoutMounts() }, async (t) => {
    const files = await crossing;
    const disk = mountTmpfs(t, '1m');
    const { config, copy, link, target } = await linkedCopy(t, disk);
    const before = [await listTree(copy), await listTree(target)];
    const { stderr } = await command(
      'conda-diff-import',
      ['apply', files.updates[0] ?? '', '--config', config],
      15,
    );
    assert.match(stderr, new RegExp(`${link}: .* are needed, .* are free`));
    assert.deepEqual([await listTree(copy), await listTree(target)], before);
  });

  it('are followed on the online side, too', async (t) => {
    const files = await crossing;
    const { folder, copy: mirror, config } = await linkedCopy(t, await temporaryDirectory(t));
    const [own, reference] = [join(folder, 'own.json'), join(folder, 'base.json')];
    await writeReferenceOf(files.base, reference);
    const run = (code: number, ...args: string[]) => command('conda-diff-export', args, code);
    await run(0, 'init', mirror, '--from', reference, '-q');
    const { stderr } = await run(10, 'create', mirror, '-o', join(folder, 'update.tar'));
    assert.match(stderr, /linux-64/);
    await run(0, 'reference', '--config', config, '-o', own, '-q');
    assert.ok(readFileSync(own).equals(readFileSync(reference)));
    for (const subdir of ['linux-64', 'noarch']) {
      execFileSync('find', [`${join(mirror, subdir)}/`, '-mindepth', '1', '-delete']);
      execFileSync('cp', ['-a', `${join(files.mirror, subdir)}/.`, join(mirror, subdir)]);
    }
    await run(0, 'create', '--config', config, '-o', join(folder, 'update.tar'), '-q');
    await run(0, 'verify', '--config', config, '-q');
    const copy = join(folder, 'whole');
    execFileSync('cp', ['-a', files.base, copy]);
    await apply(copy, join(folder, 'update.tar'));
    assertSettled(copy, files, [1]);
  });
});

/** A disk that tells of each change directly before it. */
function beforeEach(disk: Disk, tell: (paths: readonly string[]) => void): Disk {
  const wrapped = Object.entries(disk).map(([name, call]) => [
    name,
    (...args: unknown[]): unknown => {
      tell(args.filter((one) => typeof one === 'string'));
      return (call as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(wrapped) as Disk;
}
