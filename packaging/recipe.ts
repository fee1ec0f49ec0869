import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';

/** What the package says of itself, from recipe/recipe.yaml. */
export interface Recipe {
  readonly name: string;
  readonly version: string;
  readonly buildNumber: number;
  readonly depends: readonly string[];
  readonly summary: string;
  readonly license: string;
  /** The file itself. */
  readonly text: string;
}

interface Written {
  readonly context: { readonly name: string; readonly version: string };
  readonly build: { readonly number: number; readonly noarch: string };
  readonly requirements: { readonly run: readonly string[] };
  readonly about: { readonly summary: string; readonly license: string };
}

/** @throws Error, when it is of another version than package.json, or not for all platforms */
export async function readRecipe(root: string): Promise<Recipe> {
  const text = await readFile(join(root, 'recipe/recipe.yaml'), 'utf8');
  const { context, build, requirements, about } = load(text) as Written;
  const manifest = await readFile(join(root, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  if (context.version !== version)
    throw new Error(`recipe/recipe.yaml has version ${context.version}, package.json has ${version}`);
  if (build.noarch !== 'generic') throw new Error('recipe/recipe.yaml is not noarch: generic');
  return {
    ...{ name: context.name, version, buildNumber: build.number, depends: requirements.run },
    ...{ summary: about.summary, license: about.license, text },
  };
}
