import assert from 'node:assert/strict';
import { copyFile, cp, readFile, stat, symlink } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Bundle, BUNDLE_NAME, writeBundle } from '../../packaging/bundle.js';
import { VERSION } from '../../shared/version.js';
import { fileScope, temporaryDirectory, writeChannel } from '../support/channel.js';
import { runScript, type RunResult } from '../support/run-command.js';
import { channelOf, WEEK_OPTIONS } from '../support/weeks.js';

const scope = fileScope();
const bundle: Bundle = await writeBundle(await temporaryDirectory(scope));
/** Holds the bundle and nothing else. */
const alone = await temporaryDirectory(scope);
await copyFile(bundle.file, join(alone, BUNDLE_NAME));

/** Runs the bundle with bare Node: no PATH, no packages. */
function run(cwd: string, ...words: string[]): Promise<RunResult> {
  const env = { PATH: '', NODE_PATH: undefined };
  return runScript(join(alone, BUNDLE_NAME), words, { cwd, env });
}

async function succeed(cwd: string, ...words: string[]): Promise<RunResult> {
  const result = await run(cwd, ...words);
  assert.equal(result.code, 0, `${words.join(' ')}: ${result.stderr}${result.stdout}`);
  return result;
}

describe('the bundle, alone in an empty directory', () => {
  it('is small', async () => {
    const { size, mode } = await stat(bundle.file);
    assert.equal(size, bundle.bytes);
    assert.ok(size < 1_500_000, `${size} bytes`);
    assert.equal(mode & 0o111, 0o111);
  });

  it('takes an update there and back', async (t) => {
    const here = await temporaryDirectory(t);
    const mirror = join(here, 'mirror');
    // So large that it is read and hashed by worker threads
    const hippo = { name: 'hippo', files: { 'share/hippo': Buffer.alloc(33 << 20, 'hippo') } };
    const first = channelOf(1);
    await writeChannel(mirror, { ...first, noarch: [...(first.noarch ?? []), hippo] }, WEEK_OPTIONS);
    await succeed(here, 'export', 'init', 'mirror', '--empty');
    await succeed(here, 'export', 'keygen', 'officer');
    await succeed(here, 'export', 'mirror', '-o', 'outbox/', '--sign-key', 'officer.private.pem');
    const trust = ['--trusted-key', 'officer.public.pem'];
    await succeed(here, 'import', 'check', 'outbox/default-1', 'copy', ...trust);
    const imported = await succeed(here, 'import', 'outbox/default-1', 'copy', ...trust);
    const code = /Confirmation code: (\S+)/.exec(imported.stdout)?.[1] ?? '';
    assert.match((await succeed(here, 'export', 'confirm', 'mirror', code)).stdout, /update 1 arrived/);

    await writeChannel(mirror, channelOf(2), WEEK_OPTIONS);
    await succeed(
      here,
      'export',
      'create',
      'mirror',
      '-o',
      'outbox/',
      '--allow-removals',
      '--report',
      '--sbom',
      'cyclonedx',
    );
    const update = join(here, 'outbox/default-2');
    assert.match(await readFile(join(update, 'update.report.html'), 'utf8'), /<\/html>/);
    assert.match(await readFile(join(update, 'update.cdx.json'), 'utf8'), /"bomFormat": ?"CycloneDX"/);
    await succeed(here, 'import', 'report', update, '--format', 'markdown', '-o', 'report.md');
    await succeed(here, 'import', 'apply', update, 'copy');
    await assertSame(here, 'noarch/repodata.json.zst');
    await succeed(here, 'import', 'verify', 'copy');

    await succeed(here, 'import', 'undo', 'copy');
    assert.match((await succeed(here, 'import', 'status', 'copy')).stdout, /^State /);
    await succeed(here, 'import', update, 'copy');
    await assertSame(here, 'linux-64/repodata.json');
    await succeed(here, 'tar', '--reference', 'mirror');
    assert.match((await succeed(here, 'tar', '--show', 'mirror')).stdout, /^$/);
  });

  it('reads a configuration, and says what is wrong with it', async (t) => {
    const here = await temporaryDirectory(t);
    await cp(new URL('../../../package.json', import.meta.url), join(here, 'conda-diff.yaml'));
    const { code, stderr } = await run(here, 'export', 'status', '--config', 'conda-diff.yaml');
    assert.equal(code, 2, stderr);
    assert.match(stderr, /there is no setting 'name'/);
  });

  it('is the command whose name it is called by', async (t) => {
    const here = await temporaryDirectory(t);
    for (const [name, help] of [
      ['conda-diff-export', /^Usage: conda-diff-export/],
      ['conda-diff-import', /^Usage: conda-diff-import/],
      ['conda-diff-tar', /^usage: conda-diff-tar/],
    ] as const) {
      await symlink(join(alone, BUNDLE_NAME), join(here, name));
      const { code, stdout } = await runScript(join(here, name), ['--help']);
      assert.equal(code, 0);
      assert.match(stdout, help);
      const version = await runScript(join(here, name), ['--version']);
      assert.equal(version.stdout, `conda-diff ${VERSION}\n`);
    }
  });

  it('names its commands, and the version of the release', async () => {
    assert.equal((await succeed(alone, '--version')).stdout, `conda-diff ${VERSION}\n`);
    assert.equal((await succeed(alone, 'import', '--version')).stdout, `conda-diff ${VERSION}\n`);
    const { stdout } = await succeed(alone, '--help');
    for (const word of ['export', 'import', 'tar', 'licences'])
      assert.match(stdout, new RegExp(`^  ${word} `, 'm'));
    for (const words of [['create'], ['constructor'], []]) {
      assert.equal((await run(alone, ...words)).code, 2, words.join(' '));
    }
  });

  it('names the licence of every package that has code in it', async () => {
    const { stdout } = await succeed(alone, 'licences');
    assert.equal(stdout.trim(), bundle.notices.trim());
    for (const known of ['commander', 'tar', 'ajv', 'fzstd', '@cyclonedx/cyclonedx-library'])
      assert.ok(bundle.packages.includes(known), known);
    for (const name of bundle.packages) assert.ok(stdout.includes(`\n${name} `), name);
    assert.match(stdout, /Copyright .*Arjun Barrett/);
    assert.match(stdout, /This product includes material that is licensed|Apache License/);
  });

  it('takes nothing from the directories around it', async () => {
    const source = await readFile(bundle.file, 'utf8');
    const required = [...source.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name);
    const others = required.filter((name) => !builtinModules.includes(name.replace('node:', '')));
    // ajv has these as texts, for validators that are written to a file
    assert.deepEqual(
      [...new Set(others)].filter((name) => !name.startsWith('ajv/dist/runtime/')),
      [],
    );
  });

  it('comes out the same each time', async (t) => {
    const again = await writeBundle(await temporaryDirectory(t));
    assert.deepEqual(await readFile(again.file), await readFile(bundle.file));
  });
});

async function assertSame(here: string, path: string): Promise<void> {
  const [ours, theirs] = await Promise.all(
    ['mirror', 'copy'].map((side) => readFile(join(here, side, path))),
  );
  assert.deepEqual(theirs, ours);
}
