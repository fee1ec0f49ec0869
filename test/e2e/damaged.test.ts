import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listTree, writeChannel } from '../support/channel.js';
import { commandPath } from '../support/run-command.js';
import {
  applyUpdate,
  assertSameTrees,
  createUpdate,
  cross,
  init,
  prepared,
  type Refusal,
  refuse,
  type Sides,
  twoSides,
  untouched,
} from './two-sides.js';

/** A copy in the base state, and update 2, which adds, replaces and removes. */
const secondUpdate = prepared(async (sides) => {
  await writeChannel(
    sides.mirror,
    { noarch: [{ name: 'a' }, { name: 'b' }], 'linux-64': [{ name: 'c' }] },
    { zst: true },
  );
  await init(sides, '--empty');
  await cross(sides);
  const spec = {
    noarch: [{ name: 'a', files: { x: 'two' } }],
    'linux-64': [{ name: 'c' }, { name: 'd' }],
    'osx-64': [{ name: 'e' }],
  };
  await writeChannel(sides.mirror, spec, { zst: true });
  await createUpdate(sides, '--allow-removals');
});

const place = (sides: Sides, name = ''): string => join(sides.outbox, 'default-2', name);

/** Where things are in `update.tar`: its first entry is `linux-64/d-1.0-0.conda`. */
const CONTENT = 512 + 100;

async function edit(file: string, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, change(bytes) ?? bytes);
}

const flip =
  (at: number) =>
  (bytes: Buffer): undefined => {
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] ?? 0) ^ 0x20;
  };

/** The update is refused with this code, and the copy is left as it is. */
async function refused(sides: Sides, code: number, alsoCheck = false): Promise<Refusal> {
  return untouched(sides.copy, async () => {
    const refusal = await refuse(
      'conda-diff-import',
      ['apply', place(sides, 'update.manifest.json'), sides.copy],
      code,
    );
    if (!alsoCheck) return refusal;
    const check = ['check', place(sides, 'update.manifest.json'), sides.copy];
    assert.equal((await refuse('conda-diff-import', check, code)).text, refusal.text);
    return refusal;
  });
}

const tar = 'update.tar';
const manifest = 'update.manifest.json';
const base = 'update.base.json.gz';

interface Damage {
  readonly file: string;
  readonly code: number;
  readonly said: RegExp;
  readonly do: (file: string, sides: Sides) => Promise<void>;
}

/** Changes the text of a manifest and makes its checksum right again, as somebody who means harm would. */
async function forge(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const body = change(text.slice(0, text.lastIndexOf('"checksum"')));
  assert.notEqual(body, text.slice(0, text.lastIndexOf('"checksum"')));
  const checksum = createHash('sha256').update(body).digest('hex');
  await writeFile(file, `${body}"checksum":"${checksum}"\n}\n`);
}

const forgedPath = (path: string): Damage => ({
  file: manifest,
  code: 14,
  said: /is not a safe manifest/,
  do: (file) =>
    forge(file, (text) => text.replace('"path":"linux-64/d-1.0-0.conda"', `"path":${JSON.stringify(path)}`)),
});

const damages: Readonly<Record<string, Damage>> = {
  'an archive that lost its last byte': {
    file: tar,
    code: 13,
    said: /is cut off/,
    do: (file) => edit(file, (bytes) => bytes.subarray(0, -1)),
  },
  'an archive that was cut in the middle': {
    file: tar,
    code: 13,
    said: /is cut off/,
    do: (file) => truncate(file, 700),
  },
  'an archive of 0 bytes': { file: tar, code: 13, said: /is cut off/, do: (file) => truncate(file, 0) },
  'bytes after the archive': {
    file: tar,
    code: 13,
    said: /is too long/,
    do: (file) => edit(file, (bytes) => Buffer.concat([bytes, Buffer.alloc(512)])),
  },
  'a flipped byte in the content of a file': {
    file: tar,
    code: 13,
    said: /linux-64\/d-1\.0-0\.conda: expected sha256 [0-9a-f]{64}, found sha256 [0-9a-f]{64}/,
    do: (file) => edit(file, flip(CONTENT)),
  },
  'a flipped byte in the name of a header': {
    file: tar,
    code: 14,
    said: /expected the file 'linux-64\/d-1\.0-0\.conda' of \d+ bytes/,
    do: (file) => edit(file, flip(3)),
  },
  'a flipped byte in the mode of a header': {
    file: tar,
    code: 14,
    said: /does not hold what the manifest says/,
    do: (file) => edit(file, flip(104)),
  },
  'a flipped byte in the padding': {
    file: tar,
    code: 14,
    said: /bytes after .* that the manifest does not account for/,
    do: padding,
  },
  'a flipped byte at the end': {
    file: tar,
    code: 14,
    said: /bytes at its end that the manifest does not/,
    do: (file) => edit(file, flip(-5)),
  },
  'an archive that is missing': { file: tar, code: 14, said: /is missing/, do: (file) => rm(file) },
  'the archive of another update': {
    file: tar,
    code: 14,
    said: /is the archive of another update\nexpected volume 1 of 1 of update/,
    do: async (file, sides) => rename(join(sides.outbox, 'default-1/update.tar'), file),
  },
  'a manifest that was cut': {
    file: manifest,
    code: 14,
    said: /is cut off after line \d+/,
    do: (file) => edit(file, (bytes) => bytes.subarray(0, 900)),
  },
  'a manifest of 0 bytes': {
    file: manifest,
    code: 14,
    said: /is cut off after line 0/,
    do: (file) => truncate(file, 0),
  },
  'an HTML page for a manifest': {
    file: manifest,
    code: 14,
    said: /line 1 is not a header/,
    do: (file) => writeFile(file, '<html>\n</html>\n'),
  },
  'a manifest that was reformatted': {
    file: manifest,
    code: 14,
    said: /line 1/,
    do: (file) =>
      edit(file, (bytes) => Buffer.from(`${JSON.stringify(JSON.parse(bytes.toString()), null, 2)}\n`)),
  },
  'a changed hash in the manifest': {
    file: manifest,
    code: 13,
    said: /its checksum does not match its content/,
    do: (file) =>
      edit(file, (bytes) =>
        Buffer.from(
          bytes
            .toString()
            .replace(
              /("kind":"artifact".*\n.*"sha256":")(.)/,
              (_, head: string, digit: string) => head + (digit === '0' ? '1' : '0'),
            ),
        ),
      ),
  },
  'a forged path that leaves the repository': forgedPath('../evil.conda'),
  'a forged path into our own state': forgedPath('.conda-diff/d.conda'),
  'a forged absolute path': forgedPath('/tmp/d.conda'),
  'a forged target': {
    file: manifest,
    code: 14,
    said: /id: expected [0-9a-f]{64}, found/,
    do: (file) =>
      forge(file, (text) =>
        text.replace(/("target":\{"digest":")../, '$1ab').replace('"digest":"ab', '"digest":"ac'),
      ),
  },
  'a forged rule number': {
    file: manifest,
    code: 14,
    said: /has rules 2, which this release does not know[^]*install a newer/,
    do: (file) => forge(file, (text) => text.replace('"rules":1', '"rules":2')),
  },
  'a flipped byte in the base reference': {
    file: base,
    code: 13,
    said: /is not the base reference that the manifest names\n[^]*expected sha256/,
    do: (file) => edit(file, flip(60)),
  },
  'a base reference that was cut': {
    file: base,
    code: 13,
    said: /is not the base reference that the manifest names/,
    do: (file) => edit(file, (bytes) => bytes.subarray(0, 50)),
  },
  'the base reference of another update': {
    file: base,
    code: 13,
    said: /is not the base reference/,
    do: async (file, sides) => rename(join(sides.outbox, 'default-1', base), file),
  },
};

/** Flips a byte behind the content of the first file. */
async function padding(file: string): Promise<void> {
  const bytes = await readFile(file);
  const size = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
  assert.notEqual(size % 512, 0);
  await edit(file, flip(512 + size + 1));
}

describe('a damaged update is refused before anything changes:', { concurrency: 2 }, () => {
  for (const [what, damage] of Object.entries(damages)) {
    test(what, async (t) => {
      const sides = await secondUpdate(t);
      const file = place(sides, damage.file);
      await damage.do(file, sides);
      const { text } = await refused(sides, damage.code);
      assert.match(text, damage.said);
      assert.ok(
        text.includes(
          damage.file === tar && damage.code === 13 && text.includes('sha256')
            ? 'linux-64/d-1.0-0.conda'
            : file,
        ),
        text,
      );
    });
  }

  test('all damaged files are named; the good update then applies', async (t) => {
    const sides = await secondUpdate(t);
    const good = await readFile(place(sides, tar));
    await edit(place(sides, tar), (bytes) => {
      const second = 512 + Math.ceil(Number.parseInt(bytes.toString('latin1', 124, 135), 8) / 512) * 512;
      for (const at of [CONTENT, second + CONTENT]) flip(at)(bytes);
      return undefined;
    });
    const { details } = await refused(sides, 13, true);
    assert.deepEqual(
      details.map((line) => line.split(':')[0]),
      ['linux-64/d-1.0-0.conda', 'osx-64/e-1.0-0.conda'],
    );
    await writeFile(place(sides, tar), good);
    await applyUpdate(sides, place(sides));
    await assertSameTrees(sides);
  });
});

describe('a link that leads out of the copy', () => {
  test('is never followed, and nothing was changed before', async (t) => {
    const sides = await secondUpdate(t);
    const outside = join(sides.folder, 'outside');
    await mkdir(outside);
    await symlink(outside, join(sides.copy, 'osx-64'));
    const before = await listTree(sides.copy);
    const { text } = await refuse('conda-diff-import', ['apply', place(sides), sides.copy], 14);
    assert.match(text, /osx-64 leads out of the repository/);
    assert.deepEqual(await listTree(outside), []);
    assert.deepEqual(await listTree(sides.copy), before);
  });
});

describe('an import that is interrupted while it stages', () => {
  test('ends with 130, leaves no stage and the copy as it was; it can be run again', async (t) => {
    const sides = await twoSides(t);
    await mkdir(join(sides.mirror, 'noarch'));
    const size = 128 * 2 ** 20;
    const sha256 = createHash('sha256');
    for (let i = 0; i < 128; i++) sha256.update(Buffer.alloc(2 ** 20));
    const handle = await open(join(sides.mirror, 'noarch/large-1-0.conda'), 'w');
    await handle.truncate(size);
    await handle.close();
    const record = { name: 'large', size, sha256: sha256.digest('hex') };
    await writeFile(
      join(sides.mirror, 'noarch/repodata.json'),
      JSON.stringify({ 'packages.conda': { 'large-1-0.conda': record } }),
    );
    await init(sides, '--empty');
    const { outputs } = await createUpdate(sides);
    const child = spawn(process.execPath, [commandPath('conda-diff-import'), outputs.volume, sides.copy], {
      stdio: 'ignore',
    });
    const closed = once(child, 'close') as Promise<[number | null]>;
    while (!existsSync(join(sides.copy, '.conda-diff/stage/0')) && child.exitCode === null) await sleep(2);
    child.kill('SIGINT');
    assert.equal((await closed)[0], 130);
    assert.ok(!existsSync(sides.copy));
    await applyUpdate(sides, outputs.volume);
    await assertSameTrees(sides);
  });
});
