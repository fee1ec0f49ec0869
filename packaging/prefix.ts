import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bundle, BUNDLE_NAME, writeBundle } from './bundle.js';

const BUNDLE_PLACE = 'share/conda-diff';
const COMMANDS = ['conda-diff-export', 'conda-diff-import', 'conda-diff-tar'];

/** What a command in bin/ is: the bundle goes by the name that it is called by. */
const COMMAND = `#!/usr/bin/env node\nrequire('../${BUNDLE_PLACE}/${BUNDLE_NAME}');\n`;

export interface Installed {
  readonly bundle: Bundle;
  /** Relative to the prefix, sorted. */
  readonly paths: readonly string[];
}

/** Installs bundle and commands below a prefix, such as that of a conda environment. */
export async function installInto(prefix: string): Promise<Installed> {
  const bundle = await writeBundle(join(prefix, BUNDLE_PLACE));
  await chmod(bundle.file, 0o644);
  const commands = COMMANDS.map((name) => `bin/${name}`);
  for (const path of commands) {
    const file = join(prefix, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, COMMAND);
    await chmod(file, 0o755);
  }
  return { bundle, paths: [...commands, `${BUNDLE_PLACE}/${BUNDLE_NAME}`] };
}
