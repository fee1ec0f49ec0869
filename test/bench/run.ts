/**
 * Measures the commands against yardsticks, on data that it makes and removes again. Usage: npm run bench -- [options]
 *
 *   --records <n>     artifacts in each of two subdirs, as sparse files (100000)
 *   --megabytes <n>   size of an update of 2,200 files (1000)
 *   --small <n>       number of files of an update of files of 10 kB (20000)
 *   --rounds <n>      how often each is measured (3)
 *   --only <names>    only these, separated by commas: start-up, show, large, small
 *   --directory <d>   where the data is made; it should be on a disk (the current directory)
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, printResults, type Way } from './measure.js';
import { buildSyntheticChannel, type SyntheticChannel } from './synthetic-channel.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    megabytes: { type: 'string', default: '1000' },
    small: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'start-up,show,large,small' },
    directory: { type: 'string', default: process.cwd() },
  },
});
const rounds = Number(values.rounds);
const SUBDIRS = ['linux-64', 'noarch'];
const NEW_ARTIFACTS = 3000;
const node = process.execPath;
const [exporter, importer] = ['exporter', 'importer'].map((side) =>
  fileURLToPath(new URL(`../../${side}/cli.js`, import.meta.url)),
) as [string, string];
const conda = (...args: string[]): Buffer => execFileSync(node, [exporter, ...args], { stdio: 'pipe' });
const sh = (script: string): [string, string, string] => ['sh', '-c', script];

const works = new Map<string, () => Promise<void>>([
  ['start-up', startUp],
  ['show', () => show(Number(values.records))],
  [
    'large',
    () => carry('of 2,200 files', { artifacts: 1100, size: (Number(values.megabytes) * 1e6) / 2200 }),
  ],
  [
    'small',
    () => carry('of files of 10 kB', { artifacts: Math.ceil(Number(values.small) / 2), size: 10_000 }),
  ],
]);
const work = mkdtempSync(join(values.directory, '.bench-'));
process.once('SIGINT', () => {
  rmSync(work, { recursive: true, force: true });
  process.exit(130);
});
try {
  process.stdout.write(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? ''}, medians of ${rounds}\n\n`,
  );
  process.stdout.write('| work | time | memory | ratio |\n| --- | --- | --- | --- |\n');
  for (const name of values.only.split(',')) {
    const work = works.get(name);
    if (work === undefined) throw new Error(`--only ${name}: it can be ${[...works.keys()].join(', ')}`);
    await work();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function startUp(): Promise<void> {
  const ways: Way[] = [
    { name: 'conda-diff-export --version', commands: [[node, exporter, '--version']] },
    { name: 'node -e 0', commands: [[node, '-e', '0']] },
  ];
  printResults('`--version`', await measure(ways, rounds * 7));
}

/** Reading two indexes and finding their artifacts, of which some are new. */
async function show(artifacts: number): Promise<void> {
  const mirror = join(work, 'mirror');
  const channel: SyntheticChannel = {
    subdirs: SUBDIRS,
    artifacts: artifacts - NEW_ARTIFACTS,
    files: 'sparse',
  };
  buildSyntheticChannel(mirror, channel);
  conda('init', mirror, '--in-sync');
  buildSyntheticChannel(mirror, { ...channel, artifacts });
  const indexes = SUBDIRS.map((subdir) => join(mirror, subdir, 'repodata.json'));
  const parse = 'for (const file of process.argv.slice(1)) JSON.parse(require("fs").readFileSync(file))';
  const ways: Way[] = [
    { name: 'show', commands: [[node, exporter, 'show', mirror]] },
    { name: 'JSON.parse', commands: [[node, '-e', parse, ...indexes]] },
  ];
  printResults(`\`show\`, 2 x ${artifacts} records`, await measure(ways, rounds));
  rmSync(mirror, { recursive: true });
}

/** An update from nothing to a channel: written, checked, applied. */
async function carry(what: string, { artifacts, size }: { artifacts: number; size: number }): Promise<void> {
  const mirror = join(work, 'mirror');
  buildSyntheticChannel(mirror, {
    subdirs: SUBDIRS,
    artifacts,
    files: 'whole',
    size: () => Math.round(size),
  });
  const [outbox, tar, copy, plain] = ['outbox', 'plain.tar', 'copy', 'plain'].map((name) =>
    join(work, name),
  ) as [string, string, string, string];
  const sums = join(work, 'sums');
  execFileSync('sh', ['-c', `cd ${mirror} && find . -type f | sort | xargs sha256sum > ${sums}`]);
  const clean = (): void => {
    for (const one of [outbox, tar, copy, plain, join(mirror, '.conda-diff')])
      if (existsSync(one)) rmSync(one, { recursive: true });
    execFileSync('sync', ['-f', work]);
  };
  const begin = (): void => {
    clean();
    conda('init', mirror, '--empty');
  };
  const pack = `tar cf ${tar} -C ${mirror} ${SUBDIRS.join(' ')}`;
  const created = await measure(
    [
      { name: 'create', prepare: begin, commands: [[node, exporter, 'create', mirror, '-o', `${outbox}/`]] },
      { name: 'tar cf', prepare: clean, commands: [sh(pack)] },
      {
        name: 'tar cf, sha256sum',
        prepare: clean,
        commands: [sh(pack), sh(`cd ${mirror} && sha256sum --quiet -c ${sums}`)],
      },
    ],
    rounds,
  );
  const bytes = artifacts * 2 * size;
  printResults(`\`create\` ${what}, ${Math.round(bytes / 1e6)} MB`, created, bytes);
  begin();
  conda('create', mirror, '-o', `${outbox}/`);
  const update = join(outbox, readdirSync(outbox)[0] ?? '', 'update.tar');
  const fresh = (): void => {
    for (const one of [copy, plain]) if (existsSync(one)) rmSync(one, { recursive: true });
    execFileSync('mkdir', [copy, plain]);
    execFileSync('sync', ['-f', work]);
  };
  const unpack = sh(`tar xf ${update} -C ${plain}`);
  const flush = sh(`sync -f ${plain}`);
  const applied = await measure(
    [
      { name: 'apply', prepare: fresh, commands: [[node, importer, 'apply', update, copy]] },
      {
        name: 'tar xf, sync -f, sha256sum -c',
        prepare: fresh,
        commands: [unpack, flush, sh(`cd ${plain} && sha256sum --quiet -c ${sums}`)],
      },
      { name: 'tar xf, sync -f', prepare: fresh, commands: [unpack, flush] },
    ],
    rounds,
  );
  printResults(`\`apply\` ${what}`, applied, bytes);
  const checked = await measure(
    [
      { name: 'check', prepare: fresh, commands: [[node, importer, 'check', update, copy]] },
      { name: 'sha256sum', commands: [sh(`sha256sum ${update}`)] },
    ],
    rounds,
  );
  printResults(`\`check\` ${what}`, checked, bytes);
  fresh();
  execFileSync(node, [importer, 'apply', update, copy], { stdio: 'pipe' });
  const verified = await measure(
    [
      { name: 'verify --all', commands: [[node, importer, 'verify', '--all', copy]] },
      { name: 'sha256sum -c', commands: [sh(`cd ${copy} && sha256sum --quiet -c ${sums}`)] },
    ],
    rounds,
  );
  printResults(`\`verify --all\` ${what}`, verified, bytes);
  clean();
  rmSync(mirror, { recursive: true });
}
