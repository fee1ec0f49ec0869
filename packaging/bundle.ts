import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { embed, leaveOut, packagedTexts } from './embedded.js';
import { noticesText, readNotices } from './licences.js';

/** The folder of package.json, above dist/packaging. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const BUNDLE_NAME = 'conda-diff.cjs';

/** For XML, which is not written here. */
const OPTIONAL = ['xmlbuilder2', 'libxmljs2', 'ajv-formats', 'ajv-formats-draft2019'];

const ADDRESS = 'bundleAddress';

export interface Bundle {
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** The licences of all that is in it; they are in the file, too. */
  readonly notices: string;
  /** Names of the packages that have code in it. */
  readonly packages: readonly string[];
}

/**
 * Writes conda-diff.cjs: all commands in one file that needs nothing but Node. The compiled files must be there.
 * The same sources and packages give the same bytes.
 *
 * @param directory made if need be
 * @throws Error, when a licence forbids it or something cannot be resolved
 */
export async function writeBundle(directory: string): Promise<Bundle> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, BUNDLE_NAME);
  const known = await readNotices(ROOT);
  const notices = noticesText(await readFile(join(ROOT, 'LICENSE'), 'utf8'), known);
  const texts = { ...(await packagedTexts(ROOT)), LICENCES: notices };
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'dist/packaging/conda-diff.js')],
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Names stay, so that the stack of a bug can be read
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none', // the notices have all of it
    charset: 'utf8',
    define: { 'import.meta.url': ADDRESS },
    banner: {
      js: `#!/usr/bin/env node\nconst ${ADDRESS}=require('node:url').pathToFileURL(__filename).href;`,
    },
    plugins: [embed(texts), leaveOut(OPTIONAL)],
    outfile: file,
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild made no file');
  const packages = packagesIn(metafile);
  const unnamed = packages.filter((name) => !known.some((notice) => notice.name === name));
  if (unnamed.length > 0) throw new Error(`In the bundle without a notice: ${unnamed.join(', ')}`);
  await writeFile(file, output.contents);
  await chmod(file, 0o755);
  return { file, bytes: output.contents.length, notices, packages };
}

function packagesIn({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).map(
    (path) => /(?:.*[\\/])?node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
