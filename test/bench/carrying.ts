import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, printResults, type Way } from './measure.js';
import {
  bytesOf,
  EXPORTER,
  IMPORTER,
  megabytes,
  NODE,
  runExporter,
  type Setting,
  sh,
  SUBDIRS,
} from './setting.js';
import { buildSyntheticChannel } from './synthetic-channel.js';

/** An update from nothing to a channel: written, checked, applied. */
export async function carry(
  { work, rounds }: Setting,
  what: string,
  { artifacts, size }: { artifacts: number; size: number },
): Promise<void> {
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
    for (const one of [outbox, tar, copy, plain, join(mirror, '.conda-diff')]) setAside(work, one);
    execFileSync('sync', ['-f', work]);
  };
  const begin = (): void => {
    clean();
    runExporter('init', mirror, '--empty');
  };
  const pack = `tar cf ${tar} -C ${mirror} ${SUBDIRS.join(' ')}`;
  const created = await measure(
    [
      { name: 'create', prepare: begin, commands: [[NODE, EXPORTER, 'create', mirror, '-o', `${outbox}/`]] },
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
  runExporter('create', mirror, '-o', `${outbox}/`);
  const update = join(outbox, readdirSync(outbox)[0] ?? '', 'update.tar');
  const fresh = (): void => {
    for (const one of [copy, plain]) setAside(work, one);
    execFileSync('mkdir', [copy, plain]);
    execFileSync('sync', ['-f', work]);
  };
  const unpack = sh(`tar xf ${update} -C ${plain}`);
  const flush = sh(`sync -f ${plain}`);
  const applied = await measure(
    [
      { name: 'apply', prepare: fresh, commands: [[NODE, IMPORTER, 'apply', update, copy]] },
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
      { name: 'check', prepare: fresh, commands: [[NODE, IMPORTER, 'check', update, copy]] },
      { name: 'sha256sum', commands: [sh(`sha256sum ${update}`)] },
    ],
    rounds,
  );
  printResults(`\`check\` ${what}`, checked, bytes);
  fresh();
  execFileSync(NODE, [IMPORTER, 'apply', update, copy], { stdio: 'pipe' });
  const verified = await measure(
    [
      { name: 'verify --all', commands: [[NODE, IMPORTER, 'verify', '--all', copy]] },
      { name: 'sha256sum -c', commands: [sh(`cd ${copy} && sha256sum --quiet -c ${sums}`)] },
    ],
    rounds,
  );
  printResults(`\`verify --all\` ${what}`, verified, bytes);
  clean();
  rmSync(mirror, { recursive: true });
}

/**
 * A mirror of one large artifact, a sparse file.
 *
 * @returns the file of the artifact
 */
export function makeLarge(mirror: string, size: number): string {
  const file = join(mirror, 'noarch/large-1.0-0.conda');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  truncateSync(file, size);
  const sha256 = execFileSync('sha256sum', [file]).toString().slice(0, 64);
  const record = { name: 'large', version: '1.0', build: '0', build_number: 0, depends: [], sha256, size };
  const repodata = {
    info: { subdir: 'noarch' },
    packages: {},
    'packages.conda': { [basename(file)]: record },
  };
  writeFileSync(join(mirror, 'noarch/repodata.json'), JSON.stringify(repodata));
  return file;
}

/** What one large artifact takes of memory; the disk need not hold its zeros, but holds archive and copy. */
export async function carryOne({ work }: Setting, size: number): Promise<void> {
  const mirror = join(work, 'mirror');
  const file = makeLarge(mirror, size);
  const [outbox, copy] = [join(work, 'outbox'), join(work, 'copy')];
  const update = join(outbox, 'default-1/update.tar');
  const sum: Way = { name: 'sha256sum', commands: [['sha256sum', file]] };
  const begin = (): void => {
    for (const one of [outbox, copy, join(mirror, '.conda-diff')])
      rmSync(one, { recursive: true, force: true });
    runExporter('init', mirror, '--empty');
  };
  const fresh = (): void => {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy);
  };
  const ways: Way[] = [
    { name: 'create', prepare: begin, commands: [[NODE, EXPORTER, 'create', mirror, '-o', `${outbox}/`]] },
    { name: 'check', prepare: fresh, commands: [[NODE, IMPORTER, 'check', update, copy]] },
    { name: 'apply', prepare: fresh, commands: [[NODE, IMPORTER, 'apply', update, copy]] },
    { name: 'verify --all', commands: [[NODE, IMPORTER, 'verify', '--all', copy]] },
  ];
  for (const way of ways)
    printResults(`\`${way.name}\` of an artifact of ${megabytes(size)}`, await measure([way, sum], 1), size);
  for (const one of [mirror, outbox, copy]) rmSync(one, { recursive: true });
}

/** Writing and reading our documents. */
export async function documents({ work, rounds }: Setting, count: number): Promise<void> {
  const script = fileURLToPath(new URL('documents.js', import.meta.url));
  for (const kind of ['reference', 'manifest']) {
    const file = join(work, `${kind}.json`);
    const way = (name: string): Way => ({ name, commands: [[NODE, script, name, file, String(count)]] });
    const writing = await measure([way(`write-${kind}`)], rounds);
    const bytes = bytesOf([file]);
    printResults(`writing a ${kind} of ${count} entries, ${megabytes(bytes)}`, writing, bytes);
    const sum: Way = { name: 'sha256sum', commands: [['sha256sum', file]] };
    printResults(`reading and checking it`, await measure([way(`read-${kind}`), sum], rounds), bytes);
    rmSync(file);
  }
}

/**
 * Moves away what was made, emptied, until all is measured: ext4 does not give the inodes of deleted files away again
 * for a minute, and looks at all of them whenever a file is made meanwhile.
 */
function setAside(work: string, path: string): void {
  if (!existsSync(path)) return;
  const aside = join(work, 'aside');
  mkdirSync(aside, { recursive: true });
  const to = join(aside, String(readdirSync(aside).length));
  renameSync(path, to);
  if (statSync(to).isFile()) truncateSync(to);
  else for (const file of filesBelow(to)) truncateSync(file);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
