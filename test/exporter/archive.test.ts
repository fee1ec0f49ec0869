import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, link, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { type ArchiveFile, writeArchive } from '../../exporter/archive.js';
import { fingerprintOfFile } from '../../shared/fingerprint.js';
import { hashFile } from '../../shared/hashing.js';
import { END_BYTES, paddingBytes, tarHeader } from '../../shared/tar-entry.js';
import { hashOf } from '../support/arbitrary.js';
import { listTree, temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { skipWithout } from '../support/run-command.js';
import { writeFiles } from '../support/update.js';

const MTIME = 1_700_000_000;
const CONTENTS = {
  'noarch/a-1-0.conda': 'a'.repeat(1000),
  'noarch/empty': '',
  'noarch/block': 'b'.repeat(512),
  'noarch/größe \u{1f600}.json': '{}',
  [`deep/${'directory/'.repeat(20)}file`]: 'deep',
  '@list': 'not a list',
};

async function planned(root: string): Promise<ArchiveFile[]> {
  return Promise.all(
    Object.keys(CONTENTS).map(async (path) => {
      const source = join(root, path);
      return {
        path,
        ...(await hashFile(source)),
        mtime: MTIME,
        bounds: { root, links: [] },
        source,
        fingerprint: fingerprintOfFile(source)!,
      };
    }),
  );
}

async function tree(t: TestContext): Promise<string> {
  const root = await temporaryDirectory(t);
  await writeFiles(root, CONTENTS);
  return root;
}

describe('writeArchive', () => {
  it('writes header, content and padding of each file, in order, and returns size and sha256', async (t) => {
    const root = await tree(t);
    const files = await planned(root);
    const file = join(root, 'update.tar');
    const added: string[] = [];
    const written = await writeArchive(file, files, { added: (path) => added.push(path) });
    const bytes = Buffer.concat([
      ...files.flatMap((one) => {
        const text = Buffer.from(CONTENTS[one.path as '@list']);
        return [tarHeader(one), text, Buffer.alloc(paddingBytes(text.length))];
      }),
      Buffer.alloc(END_BYTES),
    ]);
    assert.ok((await readFile(file)).equals(bytes));
    assert.deepEqual(written, { size: bytes.length, sha256: hashOf(bytes) });
    assert.deepEqual(added, Object.keys(CONTENTS));
  });

  it('is an archive that tar unpacks', { skip: skipWithout('tar') }, async (t) => {
    const root = await tree(t);
    const out = await temporaryDirectory(t);
    await writeArchive(join(out, 'update.tar'), await planned(root));
    execFileSync('tar', ['xf', 'update.tar'], { cwd: out });
    await rm(join(out, 'update.tar'));
    const plain = async (folder: string): Promise<string[]> =>
      (await listTree(folder)).map(({ path, sha256, mtimeMs, mode }) =>
        [path, sha256, mtimeMs, mode].join(' '),
      );
    assert.deepEqual(await plain(out), await plain(root));
  });

  it('has the same bytes whatever links, modes and owners the files have', async (t) => {
    const root = await tree(t);
    const out = await temporaryDirectory(t);
    const plain = await writeArchive(join(out, '1.tar'), await planned(root));
    const file = join(root, 'noarch/a-1-0.conda');
    await link(file, join(root, 'noarch/hard-link'));
    await rm(join(root, 'noarch/block'));
    await writeFile(join(root, 'noarch/block.new'), CONTENTS['noarch/block']);
    await rename(join(root, 'noarch/block.new'), join(root, 'noarch/block'));
    await utimes(join(root, 'noarch/block'), MTIME, MTIME + 0.9);
    await chmod(file, 0o4755);
    if (process.getuid?.() === 0) await chown(file, 12345, 54321);
    assert.deepEqual(await writeArchive(join(out, '2.tar'), await planned(root)), plain);
  });

  it('of no files is the end of an archive', async (t) => {
    const file = join(await temporaryDirectory(t), 'update.tar');
    assert.deepEqual(await writeArchive(file, []), {
      size: END_BYTES,
      sha256: hashOf(Buffer.alloc(END_BYTES)),
    });
  });

  it('refuses content that is not what the plan says, and names every such file', async (t) => {
    const root = await tree(t);
    const files = (await planned(root)).map((file, i) =>
      i < 2 ? { ...file, sha256: hashOf('other') } : file,
    );
    const error = await rejects(
      writeArchive(join(root, 'update.tar'), files),
      'integrity',
      /2 files do not match/,
    );
    assert.deepEqual(
      error.details,
      files
        .slice(0, 2)
        .map(
          ({ path }) =>
            `${path}: expected sha256 ${hashOf('other')}, found sha256 ${hashOf(CONTENTS[path as '@list'])}`,
        ),
    );
  });

  it('refuses files that changed or vanished since they were planned, and names them', async (t) => {
    const root = await tree(t);
    const files = await planned(root);
    await rm(join(root, 'noarch/empty'));
    await writeFile(join(root, 'noarch/block'), 'c'.repeat(512));
    const error = await rejects(
      writeArchive(join(root, 'update.tar'), files),
      'source',
      /2 planned files changed/,
    );
    assert.deepEqual(error.details, ['noarch/empty: it is gone', 'noarch/block: it changed']);
    assert.equal(error.exitCode, 10);
  });

  it('lets a wrong content outweigh a change', async (t) => {
    const root = await tree(t);
    const files = (await planned(root)).map((file, i) =>
      i === 0 ? { ...file, sha256: hashOf('other') } : file,
    );
    await rm(join(root, 'noarch/empty'));
    await rejects(writeArchive(join(root, 'update.tar'), files), 'integrity', /A file does not match/);
  });

  it('refuses a size that is not that of the file', async (t) => {
    const root = await tree(t);
    for (const size of [999, 1001]) {
      const files = (await planned(root)).map((file, i) => (i === 0 ? { ...file, size } : file));
      await rejects(writeArchive(join(root, `${String(size)}.tar`), files), 'integrity');
    }
  });

  it('never writes over a file, and stops when it is interrupted', async (t) => {
    const root = await tree(t);
    const file = join(root, 'update.tar');
    await writeFile(file, 'precious');
    await rejects(writeArchive(file, []), 'io', /Cannot write .*EEXIST/);
    assert.equal(await readFile(file, 'utf8'), 'precious');
    const interruption = new AbortController();
    const reason = new Error('interrupted');
    const added = (): void => {
      interruption.abort(reason);
    };
    await assert.rejects(
      writeArchive(join(root, '2.tar'), await planned(root), { added, signal: interruption.signal }),
      reason,
    );
    assert.ok((await stat(join(root, '2.tar'))).size < 4096);
  });

  it('reads a link to another file of the repository, and none that leads out of it, whatever it looks like', async (t) => {
    const [root, outside] = [await tree(t), await temporaryDirectory(t)];
    await writeFiles(outside, { secret: 'secret' });
    for (const [target, isInside] of [
      [join(root, '@list'), true],
      [join(outside, 'secret'), false],
    ] as const) {
      const source = join(root, 'noarch/link');
      await symlink(target, source);
      const hash = await hashFile(source);
      const item = { path: 'noarch/link', ...hash, mtime: MTIME, bounds: { root, links: [] }, source };
      const file = join(outside, `${String(isInside)}.tar`);
      const written = writeArchive(file, [{ ...item, fingerprint: fingerprintOfFile(source)! }]);
      if (isInside) await written;
      else await rejects(written, 'source', /noarch\/link: it is no file of the repository any more/);
      await rm(source);
    }
  });

  it('reads nothing through a directory that has become a link', async (t) => {
    const [root, outside] = [await tree(t), await temporaryDirectory(t)];
    const files = (await planned(root)).filter(({ path }) => path === 'noarch/empty');
    await rename(join(root, 'noarch'), join(outside, 'noarch'));
    await symlink(join(outside, 'noarch'), join(root, 'noarch'));
    await rejects(
      writeArchive(join(outside, 'a.tar'), files),
      'source',
      /no file of the repository any more/,
    );
  });

  it('does not wait for a FIFO', { skip: skipWithout('mkfifo') }, async (t) => {
    const root = await tree(t);
    const files = (await planned(root)).filter(({ path }) => path === 'noarch/empty');
    await rm(join(root, 'noarch/empty'));
    execFileSync('mkfifo', [join(root, 'noarch/empty')]);
    await rejects(writeArchive(join(root, 'a.tar'), files), 'source', /no file of the repository any more/);
  });
});
