import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { NO_GLOBS } from '../../shared/globs.js';
import { encodeReference, referenceOf } from '../../shared/reference.js';
import { EMPTY_STATE } from '../../shared/state.js';
import { isTrackedPlace } from '../../exporter/diff-tar.js';
import {
  type ChannelSpec,
  copyTree,
  listTree,
  temporaryDirectory,
  writeChannel,
} from '../support/channel.js';
import { runIn } from '../support/in-process.js';
import { type RunResult, skipWithout } from '../support/run-command.js';

const skip = skipWithout('bzip2', 'tar');

const USAGE = `\
usage: conda-diff-tar [-h] [--create] [--reference] [-o OUTFILE] [-i INFILE]
                      [--show] [--verify] [-v] [--version]
                      [REPOSITORY]
`;
const HELP = `${USAGE}
create "differential" tarballs of a conda repository

positional arguments:
  REPOSITORY            path to repository directory

options:
  -h, --help            show this help message and exit
  --create              write a tar of all that is new since the reference
  --reference           write down the present state as the reference
  -o OUTFILE, --outfile OUTFILE
                        tar to write with --create (default: ./update.tar), or
                        reference to write with --reference (default:
                        ./reference.json)
  -i INFILE, --infile INFILE
                        reference to compare with when using --create or
                        --show (default: ./reference.json); one that the
                        Python tool wrote is read, too
  --show                print the paths that --create would put into the tar
  --verify              hash every artifact, print those that are wrong or
                        missing, and exit
  -v, --verbose         print each path that is put into the tar
  --version             print version and exit
`;

const FIRST: ChannelSpec = {
  'linux-64': [{ name: 'app' }, { name: 'old', format: 'tar.bz2' }],
  noarch: [{ name: 'data' }],
};
/** `app` gets another content under the same name, `both` comes in two formats, `data` stays. */
const SECOND: ChannelSpec = {
  'linux-64': [
    { name: 'app', files: { 'bin/app': 'another content' } },
    { name: 'old', format: 'tar.bz2' },
    { name: 'both' },
    { name: 'both', format: 'tar.bz2' },
  ],
  noarch: [{ name: 'data' }],
};
const OPTIONS = { zst: true, bz2: true, channeldata: true } as const;

interface Place {
  /** The current directory of the command. */
  readonly cwd: string;
  readonly repository: string;
  readonly run: (...args: string[]) => Promise<RunResult>;
}

/** A folder with a channel in its directory `repo`. */
async function place(t: TestContext, spec: ChannelSpec = FIRST): Promise<Place> {
  const cwd = await temporaryDirectory(t);
  const repository = join(cwd, 'repo');
  await writeChannel(repository, spec, OPTIONS);
  return { cwd, repository, run: (...args) => runIn(cwd, 'conda-diff-tar', args) };
}

/** {@link place}, with a reference of the first state and the repository in the second. */
async function changed(t: TestContext): Promise<Place> {
  const made = await place(t);
  await ok(made.run('--reference', 'repo'));
  await writeChannel(made.repository, SECOND, OPTIONS);
  return made;
}

async function ok(running: Promise<RunResult>): Promise<RunResult> {
  const result = await running;
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
  return result;
}

function listTar(file: string): string[] {
  return execFileSync('tar', ['tf', file], { encoding: 'utf8' }).split('\n').slice(0, -1);
}

/** Path and hash of every file. */
async function contents(root: string): Promise<string[]> {
  return (await listTree(root)).map(({ path, sha256 }) => `${sha256}  ${path}`);
}

const CARRIED = [
  'linux-64/both-1.0-0.conda',
  'linux-64/both-1.0-0.tar.bz2',
  'linux-64/app-1.0-0.conda',
  'linux-64/repodata.json.zst',
  'linux-64/repodata.json.bz2',
  'linux-64/repodata.json',
  'channeldata.json',
];

describe('conda-diff-tar: the command line', { skip }, () => {
  it('prints its help in the old layout', async (t) => {
    const { run } = await place(t);
    for (const flag of ['-h', '--help']) {
      const { stdout, stderr } = await ok(run(flag));
      assert.deepEqual([stdout, stderr], [HELP, '']);
    }
  });

  it('prints its version, whatever else is asked', async (t) => {
    const { run } = await place(t);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    for (const args of [['--version'], ['--version', '--create', 'nowhere']]) {
      assert.equal((await ok(run(...args))).stdout, `conda-diff ${version}\n`);
    }
  });

  it('does nothing without an action', async (t) => {
    const { cwd, run } = await place(t);
    assert.equal((await ok(run('repo'))).stdout, 'Nothing done.\n');
    assert.deepEqual(await readdir(cwd), ['repo']);
  });

  const refused: readonly (readonly [args: string[], message: string])[] = [
    [[], 'exactly one REPOSITORY is required, try -h'],
    [['--create'], 'exactly one REPOSITORY is required, try -h'],
    [['--show', '-o', 'x.tar', 'repo'], '--outfile not allowed with --show'],
    [['--show', '--outfile=x.tar', 'repo'], '--outfile not allowed with --show'],
    [['--reference', '-i', 'x.json', 'repo'], '--infile not allowed with --reference'],
    [['--reference', '--infile', 'x.json', 'repo'], '--infile not allowed with --reference'],
    [['--nonsense', 'repo'], "unknown option '--nonsense'"],
    [['repo', '-o'], "option '-o, --outfile <OUTFILE>' argument missing"],
    [['repo', 'other'], 'too many arguments. Expected 1 argument but got 2.'],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${JSON.stringify(args.join(' '))} as argparse did`, async (t) => {
      const { cwd, run } = await place(t);
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual([code, stdout, stderr], [2, '', `${USAGE}conda-diff-tar: error: ${message}\n`]);
      assert.deepEqual(await readdir(cwd), ['repo']);
    });
  }

  it('names a directory that is not there by its absolute path', async (t) => {
    const { cwd, run } = await place(t);
    await writeFile(join(cwd, 'file'), '');
    for (const name of ['nowhere', 'file']) {
      const { code, stderr } = await run('--create', name);
      assert.deepEqual([code, stderr], [2, `No such directory: '${join(cwd, name)}'\n`]);
    }
  });

  it('names the reference that it looked for', async (t) => {
    const { cwd, run } = await place(t);
    const hint = 'Please use the --reference option before creating a differential tarball.';
    for (const action of ['--create', '--show']) {
      const { code, stdout, stderr } = await run(action, 'repo');
      assert.deepEqual([code, stdout, stderr], [2, '', `Error: no such file: ./reference.json\n${hint}\n`]);
      assert.equal(
        (await run(action, '-i', 'x/y.json', 'repo')).stderr,
        `Error: no such file: x/y.json\n${hint}\n`,
      );
    }
    assert.deepEqual(await readdir(cwd), ['repo']);
  });

  it('does only what comes first: create, verify, show, reference', async (t) => {
    const { cwd, run } = await changed(t);
    const reference = await readFile(join(cwd, 'reference.json'));
    const all = ['--reference', '--show', '--verify', '--create'];
    assert.equal((await ok(run(...all, 'repo'))).stdout, 'Wrote: update.tar\n');
    await rm(join(cwd, 'update.tar'));
    assert.equal((await ok(run(...all.slice(0, 3), 'repo'))).stdout, '');
    assert.deepEqual((await ok(run(...all.slice(0, 2), 'repo'))).stdout, `${CARRIED.join('\n')}\n`);
    assert.deepEqual((await readdir(cwd)).sort(), ['reference.json', 'repo']);
    assert.deepEqual(await readFile(join(cwd, 'reference.json')), reference);
    assert.equal((await run('--create', '--show', '-o', 'a.tar', 'repo')).stdout, 'Wrote: a.tar\n');
  });
});

describe('conda-diff-tar: a cycle', { skip }, () => {
  it('carries all formats and metadata in commit order, and tar unpacks it', async (t) => {
    const { cwd, repository, run } = await changed(t);
    const copy = join(cwd, 'copy');
    await mkdir(copy);
    await writeChannel(copy, FIRST, OPTIONS);
    assert.equal((await ok(run('--show', 'repo'))).stdout, `${CARRIED.join('\n')}\n`);
    const { stdout, stderr } = await ok(run('--create', '-v', 'repo'));
    assert.equal(stdout, [...CARRIED.map((path) => `adding: ${path}`), 'Wrote: update.tar', ''].join('\n'));
    assert.equal(stderr, '');
    assert.deepEqual(listTar(join(cwd, 'update.tar')), CARRIED);
    const names = (await readFile(join(cwd, 'update.tar'))).subarray(265, 329);
    assert.deepEqual(names, Buffer.alloc(64), 'this tar is marked, though it is of no update');
    execFileSync('tar', ['xf', join(cwd, 'update.tar'), '-C', copy]);
    assert.deepEqual(await contents(copy), await contents(repository));
    assert.deepEqual((await readdir(cwd)).sort(), ['copy', 'reference.json', 'repo', 'update.tar']);
    assert.deepEqual((await readdir(repository)).sort(), ['channeldata.json', 'linux-64', 'noarch']);
  });

  it('writes an empty tar when nothing changed', async (t) => {
    const { cwd, run } = await place(t);
    await ok(run('--reference', 'repo'));
    assert.equal((await ok(run('--create', 'repo'))).stdout, 'Wrote: update.tar\n');
    assert.deepEqual(listTar(join(cwd, 'update.tar')), []);
    assert.deepEqual(await readFile(join(cwd, 'update.tar')), Buffer.alloc(1024));
    assert.equal((await ok(run('--show', 'repo'))).stdout, '');
  });

  it('knows a mirror that moved', async (t) => {
    const { cwd, repository, run } = await changed(t);
    await mkdir(join(cwd, 'far', 'away'), { recursive: true });
    await rename(repository, join(cwd, 'far', 'away', 'mirror'));
    assert.equal((await ok(run('--show', 'far/away/mirror'))).stdout, `${CARRIED.join('\n')}\n`);
  });

  it('gives the same bytes again, with the mtimes of the mirror', async (t) => {
    const { cwd, repository, run } = await changed(t);
    await ok(run('--create', '-o', 'a.tar', 'repo'));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await ok(run('--create', '-o', 'b.tar', 'repo'));
    assert.deepEqual(await readFile(join(cwd, 'b.tar')), await readFile(join(cwd, 'a.tar')));
    const copy = join(cwd, 'copy');
    await mkdir(copy);
    execFileSync('tar', ['xf', join(cwd, 'a.tar'), '-C', copy]);
    for (const path of CARRIED) {
      const [found, expected] = [await stat(join(copy, path)), await stat(join(repository, path))];
      assert.equal(found.mtimeMs, Math.floor(expected.mtimeMs / 1000) * 1000, path);
    }
  });

  it('writes the reference that both sides agree on, and nothing else', async (t) => {
    const { cwd, repository, run } = await place(t);
    const { stdout, stderr } = await ok(run('--reference', 'repo'));
    assert.deepEqual([stdout, stderr], ['', '']);
    await copyTree(repository, join(cwd, 'copy'));
    await ok(run('--reference', '-o', 'copy/reference.json', 'copy'));
    const reference = await readFile(join(cwd, 'reference.json'), 'utf8');
    assert.equal(await readFile(join(cwd, 'copy', 'reference.json'), 'utf8'), reference);
    assert.match(reference, /^\{"format":"conda-diff-reference","version":1,"rules":1,"scope":"all",/);
    assert.deepEqual((await readdir(repository)).sort(), ['channeldata.json', 'linux-64', 'noarch']);
  });

  it('names removed files on stderr, because a tar cannot remove', async (t) => {
    const { cwd, repository, run } = await changed(t);
    await writeChannel(repository, { noarch: [{ name: 'data' }] }, { bz2: true, channeldata: true });
    for (const action of ['--create', '--show']) {
      const { stderr } = await ok(run(action, 'repo'));
      assert.match(stderr, /^A tar cannot remove files; .*\n/);
      assert.deepEqual(stderr.split('\n').slice(1, -1), [
        'removed: linux-64/app-1.0-0.conda',
        'removed: linux-64/old-1.0-0.tar.bz2',
        'removed: linux-64/repodata.json',
        'removed: linux-64/repodata.json.bz2',
        'removed: linux-64/repodata.json.zst',
        'removed: noarch/repodata.json.zst',
      ]);
    }
    assert.deepEqual(listTar(join(cwd, 'update.tar')), ['channeldata.json']);
  });

  it('uses the globs of the reference', async (t) => {
    const { cwd, run } = await changed(t);
    const globs = { ignore: ['linux-64/**', '*.json'], include: [] };
    await writeFile(
      join(cwd, 'reference.json'),
      [...encodeReference(referenceOf(EMPTY_STATE, globs))].join(''),
    );
    const { stdout } = await ok(run('--show', 'repo'));
    assert.deepEqual(
      stdout.split('\n').filter((path) => !path.startsWith('noarch/')),
      [''],
    );
  });
});

describe('conda-diff-tar: the outfile', { skip }, () => {
  it('replaces an old tar in one step, through a link, and leaves nothing beside it', async (t) => {
    const { cwd, run } = await changed(t);
    await mkdir(join(cwd, 'disk'));
    await writeFile(join(cwd, 'disk', 'real.tar'), 'old');
    await symlink('disk/real.tar', join(cwd, 'update.tar'));
    const { ino } = await stat(join(cwd, 'update.tar'));
    await ok(run('--create', 'repo'));
    assert.notEqual((await stat(join(cwd, 'disk', 'real.tar'))).ino, ino);
    assert.deepEqual(listTar(join(cwd, 'disk', 'real.tar')), CARRIED);
    assert.deepEqual(await readdir(join(cwd, 'disk')), ['real.tar']);
  });

  it('may lie in the repository under a name that is never tracked', async (t) => {
    const { repository, run } = await place(t);
    for (const directory of ['repo', 'repo/noarch']) {
      await ok(run('--reference', '-o', `${directory}/reference.json`, 'repo'));
      await ok(run('--create', '-i', `${directory}/reference.json`, '-o', `${directory}/update.tar`, 'repo'));
      assert.deepEqual(listTar(join(dirname(repository), directory, 'update.tar')), []);
    }
  });

  it('is refused where it would be tracked, and nothing is written', async (t) => {
    const { cwd, repository, run } = await changed(t);
    const before = await contents(cwd);
    for (const outfile of ['noarch/update', 'noarch/new.conda', 'channeldata.json', 'sub/repodata.json']) {
      await mkdir(join(repository, 'sub'), { recursive: true });
      for (const action of ['--create', '--reference']) {
        const { code, stderr } = await run(action, '-o', `repo/${outfile}`, 'repo');
        assert.equal(code, 2, `${action} ${outfile}`);
        assert.match(stderr, /lies in the tracked part of the repository/);
      }
    }
    assert.deepEqual(await contents(cwd), before);
  });

  it('is refused where an index elsewhere names an artifact', async (t) => {
    const { repository, run } = await place(t);
    const repodata = join(repository, 'noarch/repodata.json');
    const index = JSON.parse(await readFile(repodata, 'utf8')) as { info: { base_url?: string } };
    index.info.base_url = '../pool/';
    await mkdir(join(repository, 'pool'));
    await rename(join(repository, 'noarch/data-1.0-0.conda'), join(repository, 'pool/data-1.0-0.conda'));
    await writeFile(repodata, JSON.stringify(index));
    const { code, stderr } = await run('--reference', '-o', 'repo/pool/data-1.0-0.conda', 'repo');
    assert.equal(code, 2, stderr);
    await ok(run('--reference', '-o', 'repo/pool/notes', 'repo'));
  });

  it('is refused when it is the infile, a directory, a device, or in no directory', async (t) => {
    const { run } = await changed(t);
    const cases = [
      ['./repo/../reference.json', './repo/../reference.json is both infile and outfile'],
      ['repo', 'repo is not a regular file'],
      ['/dev/null', '/dev/null is not a regular file'],
      ['none/update.tar', "No such directory: '"],
    ] as const;
    for (const [outfile, message] of cases) {
      const { code, stderr } = await run('--create', '-o', outfile, 'repo');
      assert.equal(code, 2);
      assert.ok(stderr.startsWith(message), stderr);
    }
  });

  it('isTrackedPlace tells by name and place', () => {
    const tracked = (path: string, globs = NO_GLOBS): boolean => isTrackedPlace(path, ['main/noarch'], globs);
    for (const path of ['main/noarch/x', 'main/noarch/x.conda', 'main/index.html', 'x/repodata.json']) {
      assert.ok(tracked(path), path);
    }
    for (const path of [
      'main/noarch/x.tar',
      'main/x',
      'index.html',
      'x',
      '.x/repodata.json',
      'main/noarch/.x/y',
    ]) {
      assert.ok(!tracked(path), path);
    }
    assert.ok(tracked('main/x', { ignore: [], include: ['main/*'] }));
  });
});

describe('conda-diff-tar: a mirror that is not right', { skip }, () => {
  const corrupt = async (repository: string, path: string): Promise<void> => {
    const bytes = await readFile(join(repository, path));
    bytes[20] = (bytes[20] as number) ^ 1;
    await writeFile(join(repository, path), bytes);
  };

  it('--verify is silent when all is right', async (t) => {
    const { cwd, run } = await place(t);
    const { stdout, stderr } = await ok(run('--verify', 'repo'));
    assert.deepEqual([stdout, stderr], ['', '']);
    assert.deepEqual(await readdir(cwd), ['repo']);
  });

  it('--verify names every wrong and missing file and exits 13', async (t) => {
    const { repository, run } = await place(t);
    await corrupt(repository, 'linux-64/app-1.0-0.conda');
    await appendFile(join(repository, 'linux-64/old-1.0-0.tar.bz2'), 'x');
    await rm(join(repository, 'noarch/data-1.0-0.conda'));
    const { code, stdout, stderr } = await run('--verify', 'repo');
    assert.equal(code, 13);
    const [wrong = '', long = '', missing] = stdout.split('\n');
    const hash = 'sha256 [0-9a-f]{64}';
    assert.match(wrong, RegExp(`^Mismatch: linux-64/app-1.0-0.conda: expected ${hash}, found ${hash}$`));
    assert.match(long, /^Mismatch: linux-64\/old-1.0-0.tar.bz2: expected \d+ bytes, found \d+ bytes$/);
    assert.equal(missing, 'Missing: noarch/data-1.0-0.conda');
    assert.equal(stderr, `3 problems in ${repository}\n`);
  });

  it('--verify exits 10 when files are only missing', async (t) => {
    const { repository, run } = await place(t);
    await rm(join(repository, 'noarch/data-1.0-0.conda'));
    const { code, stdout } = await run('--verify', 'repo');
    assert.deepEqual([code, stdout], [10, 'Missing: noarch/data-1.0-0.conda\n']);
  });

  it('--verify names an index that cannot be read and exits 10', async (t) => {
    const { repository, run } = await place(t);
    await writeFile(join(repository, 'noarch/repodata.json'), '<html>');
    const { code, stdout } = await run('--verify', 'repo');
    assert.equal(code, 10);
    assert.match(stdout, /^Unreadable: .*noarch\/repodata.json/);
  });

  it('--create names a corrupt artifact, exits 13 and leaves the old tar alone', async (t) => {
    const { cwd, repository, run } = await changed(t);
    await writeFile(join(cwd, 'update.tar'), 'the old one');
    await corrupt(repository, 'linux-64/both-1.0-0.conda');
    const { code, stdout, stderr } = await run('--create', 'repo');
    assert.deepEqual([code, stdout], [13, '']);
    assert.match(
      stderr,
      /linux-64\/both-1.0-0.conda: expected sha256 [0-9a-f]{64}, found sha256 [0-9a-f]{64}/,
    );
    assert.equal(await readFile(join(cwd, 'update.tar'), 'utf8'), 'the old one');
    assert.deepEqual((await readdir(cwd)).sort(), ['reference.json', 'repo', 'update.tar']);
  });

  it('--create and --show name missing files and exit 10, with nothing written', async (t) => {
    const { cwd, repository, run } = await changed(t);
    await rm(join(repository, 'linux-64/both-1.0-0.conda'));
    await rm(join(repository, 'noarch/data-1.0-0.conda'));
    for (const action of ['--create', '--show']) {
      const { code, stdout, stderr } = await run(action, 'repo');
      assert.deepEqual([code, stdout], [10, '']);
      assert.match(stderr, /^ {2}linux-64\/both-1.0-0.conda\n {2}noarch\/data-1.0-0.conda$/m);
      assert.match(stderr, /--allow-incomplete .*\(an option of conda-diff-export\)/);
    }
    assert.deepEqual((await readdir(cwd)).sort(), ['reference.json', 'repo']);
  });

  it('--reference names missing files, and the next tar carries them', async (t) => {
    const { cwd, repository, run } = await place(t);
    const path = join(repository, 'noarch/data-1.0-0.conda');
    await rename(path, join(cwd, 'away'));
    const { stderr } = await ok(run('--reference', 'repo'));
    assert.equal(stderr, 'Missing: noarch/data-1.0-0.conda\n');
    await rename(join(cwd, 'away'), path);
    assert.equal((await ok(run('--show', 'repo'))).stdout, 'noarch/data-1.0-0.conda\n');
  });

  it('--reference writes nothing when the state cannot be told', async (t) => {
    const { cwd, repository, run } = await place(t);
    await writeFile(join(repository, 'noarch/repodata.json'), '{"packages":');
    const { code, stderr } = await run('--reference', 'repo');
    assert.equal(code, 10);
    assert.match(stderr, /noarch\/repodata.json/);
    assert.deepEqual(await readdir(cwd), ['repo']);
  });

  it('--create refuses a variant that tells another story', async (t) => {
    const { repository, run } = await changed(t);
    const old = join(repository, 'noarch/repodata.json.zst');
    const stale = await readFile(old);
    await writeChannel(repository, { ...SECOND, noarch: [{ name: 'data', version: '2' }] }, OPTIONS);
    await writeFile(old, stale);
    const { code, stderr } = await run('--create', 'repo');
    assert.equal(code, 10);
    assert.match(stderr, /noarch\/repodata.json.zst names noarch\/data-1.0-0.conda, which is not tracked/);
  });
});

type Records = Record<string, Record<string, unknown>>;

/** What the Python tool wrote: the `packages` of each subdir by absolute directory, indented by 2, keys sorted. */
async function pythonReference(
  repository: string,
  subdirs: readonly string[],
  key: (subdir: string) => string,
  change: (record: Record<string, unknown>) => Record<string, unknown> = (record) => record,
): Promise<string> {
  const result: Record<string, Records> = {};
  for (const subdir of subdirs) {
    const text = await readFile(join(repository, subdir, 'repodata.json'), 'utf8');
    const { packages } = JSON.parse(text) as { packages: Records };
    result[key(subdir)] = Object.fromEntries(
      Object.entries(packages).map(([name, one]) => [name, change(one)]),
    );
  }
  return `${JSON.stringify(result, null, 2)}\n`;
}

describe('conda-diff-tar: a reference of the Python tool', { skip }, () => {
  const SUBDIRS = ['linux-64', 'noarch'];
  const NEW = ['linux-64/app-1.0-0.conda', 'linux-64/both-1.0-0.conda', 'linux-64/both-1.0-0.tar.bz2'];
  const METADATA = [
    'linux-64/repodata.json.zst',
    'noarch/repodata.json.zst',
    'linux-64/repodata.json.bz2',
    'noarch/repodata.json.bz2',
    'linux-64/repodata.json',
    'noarch/repodata.json',
    'channeldata.json',
  ];
  const keys: readonly (readonly [what: string, key: (repository: string, subdir: string) => string])[] = [
    ['made here', (repository, subdir) => join(repository, subdir)],
    ['made before the mirror moved', (_, subdir) => `/srv/old/mirror/${subdir}`],
    ['made on Windows', (_, subdir) => `D:\\mirrors\\mine\\${subdir}`],
  ];
  for (const [what, key] of keys) {
    it(`${what}: its .tar.bz2 files are known, all else is carried`, async (t) => {
      const { cwd, repository, run } = await place(t);
      const reference = await pythonReference(repository, SUBDIRS, (subdir) => key(repository, subdir));
      await writeFile(join(cwd, 'reference.json'), reference);
      await writeChannel(repository, SECOND, OPTIONS);
      const { stdout, stderr } = await ok(run('--create', 'repo'));
      assert.deepEqual([stdout, stderr], ['Wrote: update.tar\n', '']);
      assert.deepEqual(listTar(join(cwd, 'update.tar')), [...NEW, 'noarch/data-1.0-0.conda', ...METADATA]);
    });
  }

  it('with only md5: counts the records, and carries their files', async (t) => {
    const { cwd, repository, run } = await place(t);
    const drop = ({ md5, size }: Record<string, unknown>): Record<string, unknown> => ({ md5, size });
    const reference = await pythonReference(repository, SUBDIRS, (subdir) => join(repository, subdir), drop);
    await writeFile(join(cwd, 'old.json'), reference);
    const { stdout, stderr } = await ok(run('--show', '--infile', 'old.json', 'repo'));
    assert.ok(stdout.includes('linux-64/old-1.0-0.tar.bz2\n'));
    assert.equal(stderr, '1 records of old.json have no sha256 and size: their files count as new\n');
  });

  it('of an old mirror that had no repodata.json.bz2 is empty: all is carried', async (t) => {
    const { cwd, repository, run } = await place(t);
    await writeFile(join(cwd, 'reference.json'), '{}\n');
    await ok(run('--create', 'repo'));
    const all = (await listTree(repository)).map(({ path }) => path);
    assert.deepEqual(listTar(join(cwd, 'update.tar')).sort(), all.sort());
  });

  it('of a vanished subdir or of two equal ones is refused', async (t) => {
    const { cwd, repository, run } = await place(t);
    await writeFile(join(cwd, 'gone.json'), JSON.stringify({ '/m/noarch': {}, '/m/win-32': {} }));
    await writeFile(join(cwd, 'tie.json'), JSON.stringify({ 'C:\\m\\noarch': {}, 'C:/m/noarch': {} }));
    const gone = await run('--create', '-i', 'gone.json', 'repo');
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /^gone.json: .*\n {2}"\/m\/win-32" is no .*\n {2}index .*: linux-64, noarch\n/);
    const tie = await run('--create', '-i', 'tie.json', 'repo');
    assert.equal(tie.code, 2);
    assert.match(tie.stderr, /two of its keys are the same directory/);
    assert.deepEqual((await readdir(dirname(repository))).sort(), ['gone.json', 'repo', 'tie.json']);
  });
});
