/**
 * Measures the commands against yardsticks, on data that it makes and removes again. Usage: npm run bench -- [options]
 *
 *   --records <n>     artifacts in each of two subdirs, as sparse files (100000)
 *   --megabytes <n>   size of an update of 2,200 files (1000)
 *   --small <n>       number of files of an update of files of 10 kB (20000)
 *   --index <n>       megabytes of an index (200)
 *   --artifact <n>    megabytes of one artifact, a sparse file (2000)
 *   --entries <n>     of a reference and a manifest (500000)
 *   --rounds <n>      how often each is measured (3)
 *   --only <names>    only these, separated by commas: start-up, show, index, large, small, artifact, documents
 *   --directory <d>   where the data is made; it should be on a disk (the current directory)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { carry, carryOne, documents } from './carrying.js';
import { readIndexes, show, startUp } from './reading.js';
import type { Setting } from './setting.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    megabytes: { type: 'string', default: '1000' },
    small: { type: 'string', default: '20000' },
    index: { type: 'string', default: '200' },
    artifact: { type: 'string', default: '2000' },
    entries: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'start-up,show,index,large,small,artifact,documents' },
    directory: { type: 'string', default: process.cwd() },
  },
});
const works = new Map<string, (setting: Setting) => Promise<void>>([
  ['start-up', startUp],
  ['show', (setting) => show(setting, Number(values.records))],
  ['index', (setting) => readIndexes(setting, Number(values.index) * 1e6)],
  [
    'large',
    (setting) =>
      carry(setting, 'of 2,200 files', { artifacts: 1100, size: (Number(values.megabytes) * 1e6) / 2200 }),
  ],
  [
    'small',
    (setting) =>
      carry(setting, 'of files of 10 kB', { artifacts: Math.ceil(Number(values.small) / 2), size: 10_000 }),
  ],
  ['artifact', (setting) => carryOne(setting, Number(values.artifact) * 1e6)],
  ['documents', (setting) => documents(setting, Number(values.entries))],
]);
const rounds = Number(values.rounds);
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
    const one = works.get(name);
    if (one === undefined) throw new Error(`--only ${name}: it can be ${[...works.keys()].join(', ')}`);
    await one({ work, rounds });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
