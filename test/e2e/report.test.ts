import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { writeChannel } from '../support/channel.js';
import { createUpdate, cross, init, prepared, refuse, type Sides, succeed } from './two-sides.js';

/** What `report --json` prints. */
interface Told {
  readonly output: string;
  readonly packages: Readonly<Record<string, number>>;
  readonly artifacts: Readonly<Record<string, number>>;
  readonly newLicences: readonly string[];
  readonly unmet: readonly { readonly name: string; readonly subdir: string; readonly records: number }[];
  readonly broken: readonly { readonly name: string }[];
  readonly signatures: readonly string[];
  readonly unchecked: readonly string[];
}

const BEFORE = {
  'linux-64': [
    { name: 'app', depends: ['lib', 'six'] },
    { name: 'lib' },
    { name: 'keeps', depends: ['lib >=1'] },
    { name: 'gpl', license: 'GPL-3.0-only' },
  ],
  noarch: [{ name: 'six', license: 'MIT' }],
};
const AFTER = {
  'linux-64': [
    { name: 'app', depends: ['lib', 'six'] },
    { name: 'app', version: '2.0', depends: ['lib', 'six', 'numpy >=1', '__glibc'], license: 'Zlib' },
    { name: 'app', build: '1', depends: ['six'] },
    { name: 'keeps', depends: ['lib >=1'] },
    { name: 'fresh', license: 'GPL-3.0-only' },
    { name: 'bare', license: '' },
  ],
  noarch: [{ name: 'six', license: 'MIT' }],
};

const sidesWithUpdate = prepared(async (sides) => {
  await writeChannel(sides.mirror, BEFORE);
  await init(sides, '--empty');
  await cross(sides);
  await writeChannel(sides.mirror, AFTER);
  await createUpdate(sides, '--allow-removals');
});

function update({ outbox }: Sides): string {
  return join(outbox, 'default-2');
}

async function report(
  { folder }: Sides,
  command: 'conda-diff-export' | 'conda-diff-import',
  ...args: string[]
): Promise<Told> {
  return (await succeed(command, ['report', ...args, '--json'], { cwd: folder })).json<Told>();
}

describe('report', { concurrency: 2 }, () => {
  test('tells from the update files alone what happens to which package', async (t) => {
    const sides = await sidesWithUpdate(t);
    const told = await report(sides, 'conda-diff-export', update(sides));
    assert.deepEqual(told.packages, { new: 2, updated: 1, rebuilt: 1, replaced: 0, removed: 2 });
    assert.deepEqual(
      told.unmet.map(({ name, subdir, records }) => [name, subdir, records]),
      [
        ['lib', 'linux-64', 1],
        ['numpy', 'linux-64', 1],
      ],
    );
    assert.deepEqual(
      told.broken.map(({ name }) => name),
      ['lib'],
    );
    assert.deepEqual(told.newLicences, ['GPL-3.0-only', 'Zlib'], 'that of what is removed is not known');
    assert.match(told.unchecked.join('\n'), /^linux-64\/repodata\.json of the state before was not read/m);
    assert.match(told.unchecked.join('\n'), /^noarch\/repodata\.json of the target was not read/m);
    const page = await readFile(join(sides.folder, 'report.html'), 'utf8');
    for (const text of [
      'The update is not signed',
      'GPL-3.0-only',
      'last of its name',
      'numpy &gt;=1',
      '__glibc',
    ])
      assert.ok(page.includes(text), text);
    assert.doesNotMatch(page, /\b(src|href)="(?!#|data:,")/);
  });

  test('uses what the copy has, and each index only where it is the right one', async (t) => {
    const sides = await sidesWithUpdate(t);
    const told = await report(sides, 'conda-diff-import', update(sides), sides.copy);
    assert.deepEqual(told.newLicences, ['Zlib']);
    assert.doesNotMatch(told.unchecked.join('\n'), /was not read/);
    const online = await report(sides, 'conda-diff-export', join(update(sides), 'update.tar'), sides.mirror);
    assert.match(
      online.unchecked.join('\n'),
      /linux-64\/repodata\.json of the state before was not read: .* has another one/,
    );
    assert.doesNotMatch(online.unchecked.join('\n'), /noarch/);
  });

  test('says less, and says so, without archive or base reference', async (t) => {
    const sides = await sidesWithUpdate(t);
    const only = join(sides.folder, 'only');
    await mkdir(only);
    await copyFile(join(update(sides), 'update.manifest.json'), join(only, 'update.manifest.json'));
    const told = await report(sides, 'conda-diff-import', only);
    assert.deepEqual(told.packages, { new: 4, updated: 0, rebuilt: 0, replaced: 0, removed: 2 });
    assert.deepEqual([told.unmet, told.newLicences], [[], []]);
    assert.match(told.unchecked.join('\n'), /update\.tar was not there/);
    assert.match(told.unchecked.join('\n'), /update\.base\.json\.gz was not there/);
    assert.match(await readFile(told.output, 'utf8'), /Not known: no index could be read/);
  });

  test('refuses an update that is not what its manifest says', async (t) => {
    const sides = await sidesWithUpdate(t);
    const archive = join(update(sides), 'update.tar');
    const bytes = await readFile(archive);
    const at = bytes.indexOf('"name": "fresh"');
    const handle = await open(archive, 'r+');
    await handle.write('"name": "frash"', at);
    await handle.close();
    const { text } = await refuse('conda-diff-export', ['report', archive], 13, { cwd: sides.folder });
    assert.match(text, /linux-64\/repodata\.json: expected sha256 [0-9a-f]{64}, found sha256 [0-9a-f]{64}/);
    await truncate(archive, bytes.length - 512);
    assert.match(
      (await refuse('conda-diff-export', ['report', archive], 13)).text,
      /expected \d+ bytes, found \d+/,
    );
    await rm(join(update(sides), 'update.manifest.json'));
    await refuse('conda-diff-export', ['report', archive], 2);
  });

  test('create writes report and SBOM beside the update, and takes them away with it', async (t) => {
    const sides = await sidesWithUpdate(t);
    const flags = ['--report', '--sbom', 'cyclonedx', '--base', 'empty', '-o', join(sides.folder, 'own.tar')];
    await createUpdate(sides, ...flags);
    assert.match(await readFile(join(sides.folder, 'own.report.html'), 'utf8'), /^<!doctype html>/);
    assert.match(await readFile(join(sides.folder, 'own.cdx.json'), 'utf8'), /"bomFormat": "CycloneDX"/);
    await createUpdate(sides, ...flags.slice(3), '--overwrite');
    assert.ok(!existsSync(join(sides.folder, 'own.report.html')));
    const inside = [
      'create',
      sides.mirror,
      '--report',
      '--base',
      'empty',
      '-o',
      join(sides.mirror, 'own.tar'),
    ];
    await refuse('conda-diff-export', inside, 2);
    assert.ok(!existsSync(join(sides.mirror, 'own.tar')), 'refused before the update is made');
  });

  test('create verifies the signatures that it made', async (t) => {
    const sides = await sidesWithUpdate(t);
    for (const name of ['own', 'other'])
      await succeed('conda-diff-export', ['keygen', name], { cwd: sides.folder });
    const flags = ['--report', '--base', 'empty', '-o', join(sides.folder, 'own.tar')];
    const page = async () => readFile(join(sides.folder, 'own.report.html'), 'utf8');
    const states = (html: string) =>
      [...html.matchAll(/\.sig \((verified|not verified)\)/g)].map(([, state]) => state);

    await createUpdate(sides, ...flags);
    assert.match(await page(), /The update is not signed/);
    const key = join(sides.folder, 'own.private.pem');
    await createUpdate(sides, ...flags, '--overwrite', '--sign-key', key);
    const signed = await page();
    assert.deepEqual(states(signed), ['verified']);
    assert.doesNotMatch(signed, /signatures were not verified|not signed/);
    const both = ['--sign-key', key, '--sign-key', join(sides.folder, 'other.private.pem')];
    await createUpdate(sides, ...flags, '--overwrite', ...both);
    assert.deepEqual(states(await page()), ['verified', 'verified']);
  });

  test('markdown, stdout, and outputs that are refused', async (t) => {
    const sides = await sidesWithUpdate(t);
    const format = ['--format', 'markdown'];
    const run = await succeed('conda-diff-export', ['report', update(sides), ...format, '-o', '-']);
    assert.match(run.stdout, /^# Update 2 for `default`\n/);
    assert.match(run.stdout, /\| `app` \| `1\.0` → `2\.0` \| `linux-64` \| 1 \|/);
    assert.equal(run.stderr, '');
    const named = await report(sides, 'conda-diff-export', update(sides), ...format);
    assert.equal(await readFile(named.output, 'utf8'), run.stdout);
    await refuse('conda-diff-export', ['report', update(sides), '--format', 'pdf'], 2);
    await refuse('conda-diff-export', ['report', update(sides), '-o', '-'], 2);
    const inside = join(sides.mirror, 'noarch/report.html');
    assert.match(
      (await refuse('conda-diff-export', ['report', update(sides), sides.mirror, '-o', inside], 2)).text,
      /become a file/,
    );
  });
});
