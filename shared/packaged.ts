import { readFileSync } from 'node:fs';

/**
 * A text file of this package, such as a schema. Where all is bundled into one file, the bundle has a module of its own
 * in the place of this one, which holds the texts (`packaging/embedded.ts`).
 *
 * @param path relative to the package's folder
 */
export function packagedText(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
