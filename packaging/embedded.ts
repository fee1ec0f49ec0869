import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** All that `packagedText` is asked for, by path, from the package's folder. */
export async function packagedTexts(root: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  texts['package.json'] = JSON.stringify({ version });
  for (const name of (await readdir(join(root, 'schemas'))).sort()) {
    const schema: unknown = JSON.parse(await readFile(join(root, 'schemas', name), 'utf8'));
    texts[`schemas/${name}`] = JSON.stringify(schema);
  }
  for (const name of (await readdir(join(root, 'assets'))).sort()) {
    texts[`assets/${name}`] = await readFile(join(root, 'assets', name), 'utf8');
  }
  return texts;
}

/** Puts a module that holds these texts in the place of `shared/packaged`. */
export function embed(texts: Readonly<Record<string, string>>): Plugin {
  const contents = `
    const texts = ${JSON.stringify(texts)};
    export function packagedText(path) {
      if (Object.hasOwn(texts, path)) return texts[path];
      throw new Error('not in the bundle: ' + path);
    }`;
  return {
    name: 'embed',
    setup: (build) => build.onLoad({ filter: /[\\/]shared[\\/]packaged\.js$/ }, () => ({ contents })),
  };
}

/** Packages that others would use if they were there: in the bundle they never are, whatever lies around it. */
export function leaveOut(names: readonly string[]): Plugin {
  return {
    name: 'leave-out',
    setup: (build) => {
      build.onResolve({ filter: /^[\w@]/ }, ({ path }) =>
        names.includes(path) ? { path, namespace: 'left-out' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
        contents: `throw Object.assign(new Error(${JSON.stringify(`${path} is not in the bundle`)}), { code: 'MODULE_NOT_FOUND' });`,
      }));
    },
  };
}
