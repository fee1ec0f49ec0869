import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Disk, realDisk } from '../../importer/disk.js';
import { type ChannelPackage, temporaryDirectory, writeChannel } from '../support/channel.js';
import { createUpdate, setFirstBase, writeReferenceOf } from '../support/exporting.js';
import { apply, undo } from '../support/importing.js';
import { runIn } from '../support/in-process.js';
import type { CommandName } from '../support/run-command.js';

const IMPORT = 'conda-diff-import';
const packages = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));

interface Sides {
  readonly mirror: string;
  readonly copy: string;
  readonly run: (code: number, command: CommandName, ...args: string[]) => Promise<string>;
  /** Exports what the channel is now and imports it as update `n`. */
  readonly cross: (n: number) => Promise<void>;
  readonly inLockstep: () => Promise<void>;
}

async function sides(t: TestContext, first: readonly ChannelPackage[]): Promise<Sides> {
  const work = await temporaryDirectory(t);
  const run = async (code: number, command: CommandName, ...args: string[]): Promise<string> => {
    const result = await runIn(work, command, args);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
    return result.stdout + result.stderr;
  };
  const cross = async (n: number): Promise<void> => {
    await createUpdate(join(work, 'mirror'), join(work, 'out/'));
    await apply(join(work, 'copy'), join(work, `out/default-${n}`));
  };
  const inLockstep = async (): Promise<void> => {
    await writeReferenceOf(join(work, 'mirror'), join(work, 'mirror.json'));
    assert.deepEqual(
      readFileSync(join(work, 'copy/.conda-diff/reference.json')),
      readFileSync(join(work, 'mirror.json')),
    );
    await run(0, IMPORT, 'verify', 'copy');
  };
  await writeChannel(join(work, 'mirror'), { noarch: [...first] });
  await setFirstBase(join(work, 'mirror'));
  await cross(1);
  return { mirror: join(work, 'mirror'), copy: join(work, 'copy'), run, cross, inLockstep };
}

describe('an artifact that the index takes back', () => {
  it('and names in removed goes at once: retired it would still be tracked (CEP 36)', async (t) => {
    const { mirror, copy, cross, inLockstep } = await sides(t, packages);
    await writeChannel(mirror, { noarch: packages.slice(1) }, { removed: { noarch: ['a-1.0-0.conda'] } });
    rmSync(join(mirror, 'noarch/a-1.0-0.conda'), { force: true });
    await cross(2);
    assert.ok(!existsSync(join(copy, 'noarch/a-1.0-0.conda')));
    await inLockstep();
    await undo(copy);
    assert.ok(existsSync(join(copy, 'noarch/a-1.0-0.conda')));
    await apply(copy, join(copy, '../out/default-2'));
    await inLockstep();
  });

  it('and was retired before goes when a record without a file names it', async (t) => {
    const { mirror, copy, cross, inLockstep } = await sides(t, packages);
    await writeChannel(mirror, { noarch: packages.slice(1) });
    await cross(2);
    assert.ok(existsSync(join(copy, 'noarch/a-1.0-0.conda')), 'it is retired');
    await writeChannel(mirror, { noarch: packages });
    rmSync(join(mirror, 'noarch/a-1.0-0.conda'));
    await cross(3);
    assert.ok(!existsSync(join(copy, 'noarch/a-1.0-0.conda')));
    await inLockstep();
  });
});

describe('an import that did not pass its re-check', () => {
  it('says so, and can be undone', async (t) => {
    const { mirror, copy, run } = await sides(t, packages);
    const before = readFileSync(join(copy, 'noarch/repodata.json'));
    await writeChannel(mirror, { noarch: packages.slice(1) });
    await createUpdate(mirror, join(mirror, '../out/'));
    const intruder = join(copy, 'noarch/intruder.json');
    const intruded: Disk = {
      ...realDisk,
      rename: async (from, to) => {
        await realDisk.rename(from, to);
        if (to.endsWith('committed.json')) writeFileSync(intruder, '{}');
      },
    };
    const failing = apply(copy, join(mirror, '../out/default-2'), { disk: intruded });
    await assert.rejects(failing, { code: 'integrity' });
    assert.match(await run(0, IMPORT, 'status', 'copy'), /did not pass its re-check/);
    rmSync(intruder);
    await run(0, IMPORT, 'undo', 'copy');
    assert.deepEqual(readFileSync(join(copy, 'noarch/repodata.json')), before);
    assert.doesNotMatch(await run(0, IMPORT, 'status', 'copy'), /re-check/);
  });

  it('is one of which the disk gives another byte back than was written, size and time being the same', async (t) => {
    const { mirror, copy, run } = await sides(t, packages);
    await writeChannel(mirror, { noarch: [...packages, { name: 'z' }] });
    await createUpdate(mirror, join(mirror, '../out/'));
    const published = join(copy, 'noarch/z-1.0-0.conda');
    const disk: Disk = {
      ...realDisk,
      rename: async (from, to) => {
        await realDisk.rename(from, to);
        if (to === published) flipByte(to);
      },
    };
    const failing = apply(copy, join(mirror, '../out/default-2'), { disk });
    await assert.rejects(failing, { code: 'integrity' });
    assert.match(await run(0, IMPORT, 'status', 'copy'), /did not pass its re-check/);
    await run(0, IMPORT, 'undo', 'copy');
    await run(0, IMPORT, 'apply', 'out/default-2', 'copy');
    await run(0, IMPORT, 'verify', 'copy');
  });
});

describe('a recovery that takes back', () => {
  it('fails where the copy is not as it was before, and names the state', async (t) => {
    const { mirror, copy, run } = await sides(t, packages);
    await writeChannel(mirror, { noarch: packages.slice(1) });
    await createUpdate(mirror, join(mirror, '../out/'));
    const disk: Disk = {
      ...realDisk,
      rename: async (from, to) => {
        await realDisk.rename(from, to);
        if (to.endsWith('/journal.json')) throw new Error('killed');
      },
    };
    await assert.rejects(apply(copy, join(mirror, '../out/default-2'), { disk }), /killed/);
    rmSync(join(copy, '.conda-diff/stage'), { recursive: true });
    const intruder = join(copy, 'noarch/intruder.json');
    writeFileSync(intruder, '{}');
    const said = await run(13, IMPORT, 'recover', 'copy');
    assert.match(said, /the files after the import was taken back do not give the state that is stated/);
    rmSync(intruder);
    await run(0, IMPORT, 'verify', 'copy');
    await run(0, IMPORT, 'apply', 'out/default-2', 'copy');
  });
});

function flipByte(file: string): void {
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}
