import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { type ChannelSpec, listTree, writeChannel } from '../support/channel.js';
import { commandPath } from '../support/run-command.js';
import {
  applyUpdate,
  contents,
  assertSameTrees,
  createUpdate,
  cross,
  init,
  prepared,
  refuse,
  retired,
  run,
  type Sides,
  succeed,
  trackedContents,
  twoSides,
} from './two-sides.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
/** Eight packages in one subdir, so that two are a quarter. */
const spec: ChannelSpec = {
  noarch: [{ name: 'data' }],
  'linux-64': names.map((name) => ({ name })),
};
const without = (...gone: string[]): ChannelSpec => ({
  ...spec,
  'linux-64': (spec['linux-64'] ?? []).filter(({ name }) => !gone.includes(name)),
});

/** A mirror whose first base is set. */
const mirrorOf = prepared(async (sides) => {
  await writeChannel(sides.mirror, spec);
  await init(sides, '--empty');
});
/** A mirror and a copy in lockstep. */
const inLockstep = prepared(async (sides) => {
  await writeChannel(sides.mirror, spec);
  await init(sides, '--empty');
  await cross(sides);
});

/** Inverts one byte of a file. */
async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(file, bytes);
}

const create = ({ mirror, outbox }: Sides, ...args: string[]): string[] => [
  'create',
  mirror,
  '-o',
  outbox,
  ...args,
];

/** The export is refused and leaves nothing of an update behind, partial files included. */
async function refusedCreate(sides: Sides, code: number, ...args: string[]) {
  const refusal = await refuse('conda-diff-export', create(sides, ...args), code);
  assert.deepEqual(await listTree(sides.outbox), []);
  return refusal;
}

describe('a corrupt mirror', { concurrency: 2 }, () => {
  test('with artifacts of the right size and another content is refused, each one named', async (t) => {
    const sides = await mirrorOf(t);
    for (const name of ['b', 'f']) await flip(join(sides.mirror, `linux-64/${name}-1.0-0.conda`), 200);
    const { code, details } = await refusedCreate(sides, 13);
    assert.equal(code, 'integrity');
    assert.deepEqual(
      details.map((line) => line.replace(/[0-9a-f]{64}/g, '<hash>')),
      ['b', 'f'].map((x) => `linux-64/${x}-1.0-0.conda: expected sha256 <hash>, found sha256 <hash>`),
    );
    const verified = await refuse('conda-diff-export', ['verify', sides.mirror], 13);
    assert.deepEqual(verified.details, details);
    await succeed('conda-diff-export', ['verify', sides.mirror, '--quick']);
    for (const name of ['b', 'f']) await flip(join(sides.mirror, `linux-64/${name}-1.0-0.conda`), 200);
    assert.equal((await createUpdate(sides)).base.count, 0);
  });

  test('with an artifact of another size is refused, also by verify --quick', async (t) => {
    const sides = await mirrorOf(t);
    const { size } = (await listTree(sides.mirror)).find(({ path }) => path === 'linux-64/c-1.0-0.conda') ?? {
      size: 0,
    };
    await truncate(join(sides.mirror, 'linux-64/c-1.0-0.conda'), size - 1);
    const line = `linux-64/c-1.0-0.conda: expected ${String(size)} bytes, found ${String(size - 1)} bytes`;
    assert.deepEqual((await refusedCreate(sides, 13)).details, [line]);
    assert.deepEqual((await refuse('conda-diff-export', ['verify', sides.mirror, '--quick'], 13)).details, [
      line,
    ]);
  });

  test('is refused with all its faults at once', async (t) => {
    const sides = await mirrorOf(t);
    await truncate(join(sides.mirror, 'linux-64/c-1.0-0.conda'), 10);
    await rm(join(sides.mirror, 'linux-64/d-1.0-0.conda'));
    await writeFile(join(sides.mirror, 'noarch/repodata.json'), '{"packages": {');
    const { text } = await refusedCreate(sides, 13);
    assert.match(text, /linux-64\/c-1\.0-0\.conda: expected \d+ bytes, found 10 bytes/);
    assert.match(text, /linux-64\/d-1\.0-0\.conda/);
    assert.match(text, /noarch\/repodata\.json is not valid repodata: .* at byte 14/);
  });

  test('with an HTML page, a cut or a wrong variant for an index is refused, with file and byte', async (t) => {
    const sides = await mirrorOf(t);
    const index = join(sides.mirror, 'noarch/repodata.json');
    const good = await readFile(index);
    await writeFile(index, '<!doctype html>\n<title>502</title>\n');
    assert.match((await refusedCreate(sides, 10)).text, /noarch\/repodata\.json .* at byte 0, found '<'\n/);
    await writeFile(index, good.subarray(0, 100));
    assert.match((await refusedCreate(sides, 10)).text, /noarch\/repodata\.json .* at byte 100/);
    await writeFile(index, good);
    await writeFile(`${index}.zst`, '<html></html>');
    assert.match((await refusedCreate(sides, 10)).text, /noarch\/repodata\.json\.zst/);
  });

  test('with records without a file is refused; stated as absent, they cross once they are there', async (t) => {
    const sides = await mirrorOf(t);
    const path = 'linux-64/e-1.0-0.conda';
    await rename(join(sides.mirror, path), join(sides.folder, 'aside'));
    assert.deepEqual((await refusedCreate(sides, 10)).details, [path]);
    const created = await cross(sides, '--allow-incomplete');
    assert.deepEqual(created.missing, [path]);
    await rename(join(sides.folder, 'aside'), join(sides.mirror, path));
    const next = await cross(sides);
    assert.deepEqual(
      next.files.map((file) => file.path),
      [path],
    );
  });

  test('whose tracked directory became a link that leads outside is refused', async (t) => {
    const sides = await inLockstep(t);
    const outside = join(sides.folder, 'outside');
    await rename(join(sides.mirror, 'linux-64'), outside);
    await symlink(outside, join(sides.mirror, 'linux-64'));
    const { text } = await refuse('conda-diff-export', create(sides, '--allow-removals'), 10);
    assert.ok(text.includes(`linux-64 -> ${outside}`), text);
  });
});

/** What a mirror lost, what is said of it, and how many files an update then removes. */
interface Loss {
  readonly what: string;
  readonly lose: (mirror: string) => Promise<void>;
  readonly said: RegExp;
  readonly removed?: number;
}

describe('a mirror that lost much', { concurrency: 2 }, () => {
  const named = /linux-64\/repodata\.json names nothing, the base had 8 artifacts/;
  const gone = /linux-64\/repodata\.json is gone, the base had 8 artifacts/;
  const broken: readonly Loss[] = [
    {
      what: 'an index of 0 bytes',
      lose: (mirror) => truncate(join(mirror, 'linux-64/repodata.json')),
      said: named,
    },
    {
      what: 'an index of {}',
      lose: (mirror) => writeFile(join(mirror, 'linux-64/repodata.json'), '{}'),
      said: named,
      removed: 8,
    },
    {
      what: 'a subdir that vanished',
      lose: (mirror) => rm(join(mirror, 'linux-64'), { recursive: true }),
      said: gone,
      removed: 9,
    },
    {
      what: 'an index that vanished',
      lose: (mirror) => rm(join(mirror, 'linux-64/repodata.json')),
      said: gone,
    },
  ];
  for (const { what, lose, said, removed } of broken) {
    test(`${what} is refused, whatever --max-removals says; --allow-removals means it`, async (t) => {
      const sides = await inLockstep(t);
      await lose(sides.mirror);
      const { text } = await refuse('conda-diff-export', create(sides, '--max-removals', '100'), 10);
      assert.match(text, said);
      assert.match(text, /run again with --allow-removals/);
      assert.ok(!existsSync(join(sides.outbox, 'default-2')));
      if (removed === undefined) return;
      const created = await createUpdate(sides, '--allow-removals');
      assert.equal(created.removed.length, removed);
      await applyUpdate(sides, created.outputs.volume);
      const inSubdir = (path: string): boolean => path.startsWith('linux-64/');
      const left = Object.keys(await trackedContents(sides.copy)).filter(inSubdir);
      assert.deepEqual(left, removed === 9 ? [] : ['linux-64/repodata.json']);
      assert.equal(Object.keys(await retired(sides.copy)).filter(inSubdir).length, 8);
      await succeed('conda-diff-import', ['gc', sides.copy, '--older-than', '0m']);
      assert.deepEqual(Object.keys(await contents(sides.copy)).filter(inSubdir), left);
    });
  }

  test('a quarter of a subdir may go; more needs --max-removals or --allow-removals', async (t) => {
    const sides = await inLockstep(t);
    await writeChannel(sides.mirror, without('a', 'b'));
    assert.equal((await createUpdate(sides)).removed.length, 2);
    await writeChannel(sides.mirror, without('a', 'b', 'c', 'd'));
    const said = /linux-64\/repodata\.json: 2 of 6 artifacts removed, more than 25 %/;
    assert.match((await refuse('conda-diff-export', create(sides), 10)).text, said);
    const { text } = await refuse('conda-diff-export', create(sides, '--max-removals', '29'), 10);
    assert.match(text, /2 of 6 artifacts removed, more than 29 %/);
    assert.equal((await createUpdate(sides, '--max-removals', '33.4%')).removed.length, 2);
  });
});

/** Everything in a folder but the hash cache: even a refused export may remember what it read. */
async function kept(folder: string): Promise<object> {
  return (await listTree(folder)).filter(({ path }) => !path.endsWith('.conda-diff/hash-cache'));
}

describe('create', { concurrency: 2 }, () => {
  test('says that there is no difference, exits with 0 and writes nothing, wherever the last update is', async (t) => {
    const sides = await mirrorOf(t);
    const output = join(sides.folder, 'update.tar');
    const published = await createUpdate(sides, '-o', output);
    const before = await kept(sides.folder);
    const { stdout } = await succeed('conda-diff-export', ['create', sides.mirror, '-o', output]);
    assert.match(stdout, /^No difference: .*assumed delivered, not confirmed/);
    assert.ok(stdout.includes(published.outputs.manifest), stdout);
    const again = await succeed('conda-diff-export', create(sides, '--json'));
    const { outcome, lastUpdate } = again.json<{ outcome: string; lastUpdate: string }>();
    assert.deepEqual([outcome, lastUpdate], ['no-difference', published.update.id]);
    assert.deepEqual(await kept(sides.folder), before);
  });

  test('with --dry-run tells what the next update would carry and writes nothing', async (t) => {
    const sides = await mirrorOf(t);
    const output = join(sides.folder, 'update.tar');
    await createUpdate(sides, '-o', output);
    await writeChannel(sides.mirror, without('a'));
    const before = await kept(sides.folder);
    const dry = await createUpdate(sides, '--dry-run', '-o', output);
    assert.equal(dry.outcome, 'dry-run');
    assert.deepEqual(
      dry.files.map(({ path }) => path),
      ['linux-64/repodata.json'],
    );
    assert.deepEqual(dry.removed, ['linux-64/a-1.0-0.conda']);
    assert.deepEqual(await kept(sides.folder), before);
    const shown = await succeed('conda-diff-export', ['show', sides.mirror]);
    assert.equal(shown.stdout, 'linux-64/repodata.json\nremoved: linux-64/a-1.0-0.conda\n');
    assert.deepEqual(await kept(sides.folder), before);
  });

  test('does not overwrite an unconfirmed update; --overwrite withdraws it and starts from its base', async (t) => {
    const sides = await inLockstep(t);
    const output = join(sides.folder, 'update.tar');
    await writeChannel(sides.mirror, without('a'));
    const second = await createUpdate(sides, '-o', output);
    await writeChannel(sides.mirror, without('a', 'b'));
    const before = await kept(sides.folder);
    const { text } = await refuse('conda-diff-export', ['create', sides.mirror, '-o', output], 2);
    assert.match(text, /Update 2 at .*update\.manifest\.json is not confirmed/);
    assert.deepEqual(await kept(sides.folder), before);
    await writeChannel(sides.mirror, { ...without('a', 'b'), noarch: [{ name: 'data' }, { name: 'z' }] });
    await flip(join(sides.mirror, 'noarch/z-1.0-0.conda'), 200);
    await refuse('conda-diff-export', ['create', sides.mirror, '-o', output, '--overwrite'], 13);
    assert.deepEqual(
      (await listTree(sides.folder)).filter(({ path }) => path.startsWith('update')),
      [],
    );
    await writeChannel(sides.mirror, without('a', 'b'));
    const third = await createUpdate(sides, '-o', output);
    assert.equal(third.base.digest, second.base.digest);
    assert.equal(third.update.sequence, 4);
    assert.deepEqual(third.removed, ['linux-64/a-1.0-0.conda', 'linux-64/b-1.0-0.conda']);
    await applyUpdate(sides, output);
    await assertSameTrees(sides);
    await writeChannel(sides.mirror, without('a', 'b', 'c'));
    assert.deepEqual((await createUpdate(sides)).removed, ['linux-64/c-1.0-0.conda']);
    const blocked = await refuse(
      'conda-diff-export',
      ['create', sides.mirror, '-o', output, '--overwrite'],
      2,
    );
    assert.match(blocked.text, /Update 4 at .* is not the last one/);
  });

  test('does not overwrite files that are not ours to overwrite', async (t) => {
    const sides = await mirrorOf(t);
    const files = ['update.manifest.json', 'update.tar', 'update.base.json.gz'].map((name) =>
      join(sides.folder, name),
    );
    for (const file of files) await writeFile(file, 'precious');
    const args = ['create', sides.mirror, '-o', join(sides.folder, 'update.tar')];
    assert.deepEqual((await refuse('conda-diff-export', args, 2)).details, files);
    for (const file of files) assert.equal(await readFile(file, 'utf8'), 'precious');
    await createUpdate(sides, '-o', join(sides.folder, 'update.tar'), '--overwrite');
    await applyUpdate(sides, sides.folder);
    await assertSameTrees(sides);
  });
});

/** A mirror with artifacts that are large and sparse; what their records say of the content is not true. */
async function largeMirror(t: TestContext, files: number, megabytes: number): Promise<Sides> {
  const sides = await twoSides(t);
  await mkdir(join(sides.mirror, 'noarch'));
  const size = megabytes * 2 ** 20;
  const records: Record<string, object> = {};
  for (let i = 0; i < files; i++) {
    const name = `large${String(i)}-1-0.conda`;
    const handle = await open(join(sides.mirror, 'noarch', name), 'w');
    await handle.truncate(size);
    await handle.close();
    records[name] = { name: 'large', size, sha256: String(i).padStart(64, '0') };
  }
  await writeFile(join(sides.mirror, 'noarch/repodata.json'), JSON.stringify({ 'packages.conda': records }));
  await init(sides, '--empty');
  return sides;
}

/** Starts an export and waits until it writes its first artifact. */
async function startedExport(sides: Sides) {
  const args = [commandPath('conda-diff-export'), ...create(sides, '-v')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve) => {
    child.on('close', resolve);
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('adding: ')) resolve();
    });
  });
  assert.match(said, /adding: noarch\/large0/);
  return child;
}

describe('an export that is under way', () => {
  for (const [files, megabytes] of [
    [8, 32],
    [1, 16_384],
  ] as const) {
    test(`of ${String(files)} artifacts ends with 130 when interrupted, nothing partial is left`, async (t) => {
      const sides = await largeMirror(t, files, megabytes);
      const child = await startedExport(sides);
      child.kill('SIGSTOP');
      if (files > 1)
        assert.match(
          (await refuse('conda-diff-export', create(sides), 11)).text,
          new RegExp(`in use by conda-diff-export create \\(process ${String(child.pid)} `),
        );
      child.kill('SIGINT');
      child.kill('SIGCONT');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const [code] = (await once(child, 'close')) as [number | null];
      clearTimeout(late);
      assert.equal(code, 130);
      assert.deepEqual(await listTree(sides.outbox), []);
      const left = (await readdir(join(sides.mirror, '.conda-diff'))).filter((name) =>
        /partial|capture|lock/.test(name),
      );
      assert.deepEqual(left, []);
    });
  }
});

describe('wrong usage', { concurrency: 2 }, () => {
  test('of the exporter ends with 2 and says what is wrong', async (t) => {
    const sides = await twoSides(t);
    const { mirror, folder } = sides;
    await writeChannel(mirror, { noarch: [{ name: 'a' }] });
    const before = await listTree(folder);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ['create', mirror],
        /not known what the other side .* has\n[^]*init .* --empty[^]*--in-sync[^]*--from/,
      ],
      [['create'], /No repository was given/],
      [['create', mirror, '-o', join(folder, 'update.zip')], /neither a \.tar file nor a directory/],
      [['create', mirror, '-o', join(mirror, '.conda-diff/update.tar')], /lies in our own state/],
      [['create', mirror, '--base', join(folder, 'none.json')], /No such file: .*none\.json/],
      [['create', mirror, '--base', 'empty', '--ignore', '/noarch'], /The glob '\/noarch'/],
      [['init', mirror], /exactly one of --empty, --in-sync and --from/],
      [
        ['reference', mirror, '-o', join(mirror, 'noarch/state.json')],
        /would become a file of the repository/,
      ],
    ];
    for (const [args, said] of cases) assert.match((await refuse('conda-diff-export', args, 2)).text, said);
    for (const [args, said] of [
      [['verify', mirror, '--quick', '--all'], /'--quick' cannot be used with option '--all'/],
      [['create', mirror, '--no-such-flag'], /unknown option '--no-such-flag'/],
      [['create', mirror, 'too', 'many'], /too many arguments/],
      [['create', mirror, '--max-removals', '101'], /percentage from 0 to 100/],
    ] as const)
      assert.match((await run('conda-diff-export', args, 2)).stderr, said);
    assert.deepEqual(
      (await listTree(folder)).filter(({ path }) => !path.startsWith('mirror/.conda-diff/')),
      before,
    );
    await init(sides, '--empty');
    assert.match((await refuse('conda-diff-export', ['init', mirror, '--empty'], 2)).text, /was set before/);
    // Base and repository are read at the same time: the base is judged first, whatever else is wrong.
    writeFileSync(join(mirror, 'noarch/repodata.json'), '{');
    for (const [base, code, said] of [
      [join(folder, 'none.json'), 2, /No such file: .*none\.json/],
      ['assumed', 10, /An index cannot be read/],
    ] as const)
      assert.match((await refuse('conda-diff-export', ['show', mirror, '--base', base], code)).text, said);
  });

  test('of the importer ends with 2 and says what is wrong', async (t) => {
    const sides = await mirrorOf(t);
    const { folder, copy } = sides;
    const { outputs } = await createUpdate(sides);
    await mkdir(join(folder, 'two'));
    for (const name of ['one', 'two'])
      await copyFile(outputs.manifest, join(folder, `two/${name}.manifest.json`));
    await writeFile(join(folder, 'file'), '');
    const before = await listTree(folder);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['apply', outputs.volume], /No repository was given/],
      [['apply', join(folder, 'none.tar'), copy], /No such update: .*none\.tar/],
      [['apply', join(folder, 'mirror'), copy], /There is no manifest in/],
      [
        ['apply', join(folder, 'two'), copy],
        /There are several manifests in .*two\n[^]*one\.manifest\.json\ntwo\.manifest\.json/,
      ],
      [['apply', outputs.volume, join(folder, 'no/parent')], /No such directory: .*\/no$/m],
      [['apply', outputs.volume, join(folder, 'file')], /is not a directory/],
      [['reference', copy], /No such directory/],
    ];
    for (const [args, said] of cases) assert.match((await refuse('conda-diff-import', args, 2)).text, said);
    assert.match((await run('conda-diff-import', [], 2)).stderr, /No update was given/);
    assert.deepEqual(await listTree(folder), before);
  });
});
