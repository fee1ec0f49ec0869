import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { ROOT } from './bundle.js';
import { type Installed, installInto } from './prefix.js';
import { readRecipe, type Recipe } from './recipe.js';
import { zip } from './zip.js';

/**
 * Builds the conda package that recipe/recipe.yaml describes, from the bundle: a `.conda` file (version 2 of the
 * format). Runs the `zstd` command.
 *
 * @param when goes into the record and all members; the same time gives the same bytes
 * @returns the file that was written
 */
export async function writeCondaPackage(directory: string, when: Date): Promise<string> {
  const recipe = await readRecipe(ROOT);
  const work = await mkdtemp(join(tmpdir(), 'conda-package-'));
  try {
    const prefix = join(work, 'pkg');
    const installed = await installInto(prefix);
    const info = join(work, 'info');
    const infoPaths = await writeInfo(info, prefix, installed, recipe, when);
    const stem = `${recipe.name}-${recipe.version}-${String(recipe.buildNumber)}`;
    const bytes = zip([
      ['metadata.json', json({ conda_pkg_format_version: 2 })],
      [`pkg-${stem}.tar.zst`, await pack(prefix, installed.paths, when)],
      [`info-${stem}.tar.zst`, await pack(info, infoPaths, when)],
    ]);
    const file = join(directory, `${stem}.conda`);
    await mkdir(directory, { recursive: true });
    await writeFile(file, bytes);
    return file;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Writes the metadata of the package below `folder`, and returns its paths. */
async function writeInfo(
  folder: string,
  prefix: string,
  { bundle, paths }: Installed,
  recipe: Recipe,
  when: Date,
): Promise<string[]> {
  const { name, version, buildNumber, depends, license, summary, text } = recipe;
  const contents: Record<string, Buffer> = {
    'info/about.json': json({ license, summary }),
    'info/files': Buffer.from(paths.map((path) => `${path}\n`).join('')),
    'info/index.json': json({
      ...{ name, version, build: String(buildNumber), build_number: buildNumber, depends, license },
      ...{ noarch: 'generic', subdir: 'noarch', timestamp: when.getTime(), arch: null, platform: null },
    }),
    'info/licenses/LICENCES': Buffer.from(bundle.notices),
    'info/paths.json': json({ paths: await pathsOf(prefix, paths), paths_version: 1 }),
    'info/recipe/recipe.yaml': Buffer.from(text),
  };
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'info/licenses/LICENSE'));
  return [...Object.keys(contents), 'info/licenses/LICENSE'].sort();
}

function pathsOf(prefix: string, paths: readonly string[]): Promise<object[]> {
  return Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(prefix, path));
      const sha256 = createHash('sha256').update(content).digest('hex');
      return { _path: path, path_type: 'hardlink', sha256, size_in_bytes: content.length };
    }),
  );
}

/** A tar of these files, of no user, compressed with zstd. */
async function pack(folder: string, paths: readonly string[], when: Date): Promise<Buffer> {
  const parts: Buffer[] = [];
  const options = { cwd: folder, portable: true, noDirRecurse: true, mtime: when };
  for await (const part of create(options, [...paths])) parts.push(part);
  const { status, stdout, error } = spawnSync('zstd', ['-19', '--no-progress', '-q', '-c'], {
    input: Buffer.concat(parts),
    maxBuffer: 1 << 28,
  });
  if (error !== undefined || status !== 0) throw new Error('zstd failed; it is needed', { cause: error });
  return stdout;
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
