import { join } from 'node:path';
import { isThere } from '../shared/is-there.js';
import { readReference } from '../shared/read-document.js';
import type { Reference } from '../shared/reference.js';

/**
 * What the last import or undo left, if there was one.
 *
 * @throws CondaDiffError malformed or integrity, when it is damaged; io
 */
export async function lastReference({
  stateDirectory,
}: {
  readonly stateDirectory: string;
}): Promise<Reference | undefined> {
  const file = join(stateDirectory, 'reference.json');
  return isThere(file) ? readReference(file) : undefined;
}
