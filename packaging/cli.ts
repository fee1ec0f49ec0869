import { join, resolve } from 'node:path';
import process from 'node:process';
import { ROOT, writeBundle } from './bundle.js';
import { writeCondaPackage } from './conda-package.js';
import { installInto } from './prefix.js';

/**
 * `node dist/packaging/cli.js <kind> [directory]`: `bundle` writes conda-diff.cjs, `conda` a conda package, `prefix`
 * installs bundle and commands. The directory is dist/ by default. SOURCE_DATE_EPOCH (seconds) dates the conda package.
 */
const [, , kind = '', directory = join(ROOT, 'dist')] = process.argv;
const place = resolve(directory);
const epoch = process.env.SOURCE_DATE_EPOCH;
const when = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);

const KINDS: Readonly<Record<string, () => Promise<string>>> = {
  bundle: async () => (await writeBundle(place)).file,
  conda: () => writeCondaPackage(place, when),
  prefix: async () => (await installInto(place)).bundle.file,
};

const write = KINDS[kind];
if (write === undefined) throw new Error(`Expected one of ${Object.keys(KINDS).join(', ')}, found '${kind}'`);
process.stdout.write(`Wrote: ${await write()}\n`);
