import { join, resolve } from 'node:path';
import process from 'node:process';
import { ROOT, writeBundle } from './bundle.js';

/** `npm run bundle`: writes conda-diff.cjs into the directory that is named, dist/ by default. */
const [, , what, directory = join(ROOT, 'dist')] = process.argv;
if (what === 'bundle') {
  const { file, bytes, packages } = await writeBundle(resolve(directory));
  process.stdout.write(`Wrote: ${file} (${String(bytes)} bytes, with ${String(packages.length)} packages)\n`);
} else throw new Error(`There is no package of the kind ${String(what)}`);
