import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { measure, printResults, type Way } from './measure.js';
import { bytesOf, EXPORTER, megabytes, NODE, runExporter, type Setting, SUBDIRS } from './setting.js';
import { buildSyntheticChannel, type SyntheticChannel } from './synthetic-channel.js';

const NEW_ARTIFACTS = 3000;
/** About what a record takes in an index of {@link buildSyntheticChannel}. */
const RECORD_BYTES = 432;

/** What a command costs that does nothing. */
export async function startUp({ rounds }: Setting): Promise<void> {
  const ways: Way[] = [
    { name: 'conda-diff-export --version', commands: [[NODE, EXPORTER, '--version']] },
    { name: 'node -e 0', commands: [[NODE, '-e', '0']] },
  ];
  printResults('`--version`', await measure(ways, rounds * 7));
}

/** Reading two indexes and finding their artifacts, of which some are new; and the same with twice as many. */
export async function show({ work, rounds }: Setting, artifacts: number): Promise<void> {
  const mirror = join(work, 'mirror');
  const parse = 'for (const file of process.argv.slice(1)) JSON.parse(require("fs").readFileSync(file))';
  for (const count of [artifacts, 2 * artifacts]) {
    const channel = (present: number): SyntheticChannel => ({
      subdirs: SUBDIRS,
      artifacts: present,
      files: 'sparse',
    });
    buildSyntheticChannel(mirror, channel(count - NEW_ARTIFACTS));
    rmSync(join(mirror, '.conda-diff'), { recursive: true, force: true });
    runExporter('init', mirror, '--in-sync');
    buildSyntheticChannel(mirror, channel(count));
    const indexes = SUBDIRS.map((subdir) => join(mirror, subdir, 'repodata.json'));
    const ways: Way[] = [
      { name: 'show', commands: [[NODE, EXPORTER, 'show', mirror]] },
      { name: 'JSON.parse', commands: [[NODE, '--max-old-space-size=8000', '-e', parse, ...indexes]] },
    ];
    printResults(`\`show\`, 2 x ${count} records`, await measure(ways, rounds), bytesOf(indexes));
  }
  rmSync(mirror, { recursive: true });
}

/** Reading an index of so many bytes whose artifacts are not there, beside one of a quarter. */
export async function readIndexes({ work, rounds }: Setting, bytes: number): Promise<void> {
  const indexes = [1, 0.25].map((share) => {
    const mirror = join(work, `mirror-${share}`);
    const records = Math.round((bytes * share) / RECORD_BYTES);
    buildSyntheticChannel(mirror, { subdirs: ['noarch'], artifacts: records, files: 'none' });
    return { mirror, file: join(mirror, 'noarch/repodata.json') };
  });
  const results = await measure(
    indexes.map(({ mirror, file }) => ({
      name: `reference, ${megabytes(bytesOf([file]))}`,
      commands: [[NODE, EXPORTER, 'reference', mirror, '-o', join(work, 'reference.json')]],
    })),
    rounds,
  );
  const bytesOfFirst = bytesOf(indexes.slice(0, 1).map(({ file }) => file));
  printResults(`\`reference\`, an index of ${megabytes(bytesOfFirst)}`, results, bytesOfFirst);
  for (const { mirror } of indexes) rmSync(mirror, { recursive: true });
}
