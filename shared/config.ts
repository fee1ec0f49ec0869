import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseBase } from './base-option.js';
import { asIoError, CondaDiffError } from './errors.js';
import { nearest } from './nearest.js';
import { documentValidator } from './schema.js';

/** What a conda-diff.yaml may set; see schemas/config.schema.json. Paths are absolute once it is read. */
export interface Config {
  readonly repository?: string;
  readonly site?: string;
  readonly output?: string;
  readonly base?: string;
  readonly ignore?: readonly string[];
  readonly include?: readonly string[];
  readonly stateDir?: string;
  /** Private keys that sign updates, or receipts. */
  readonly signKeys?: readonly string[];
  /** Public keys that updates must be signed with. */
  readonly trustedKeys?: readonly string[];
  readonly requireSignatures?: number;
  /** Public keys that receipts must be signed with. */
  readonly receiptKeys?: readonly string[];
  /** As `--volume-size`. */
  readonly volumeSize?: string;
}

const KEYS = [
  'repository',
  'site',
  'output',
  'base',
  'ignore',
  'include',
  'state-dir',
  'sign-keys',
  'trusted-keys',
  'require-signatures',
  'receipt-keys',
  'volume-size',
];

interface RawConfig extends Pick<Config, 'repository' | 'site' | 'output' | 'base' | 'ignore' | 'include'> {
  readonly 'state-dir'?: string;
  readonly 'sign-keys'?: readonly string[];
  readonly 'trusted-keys'?: readonly string[];
  readonly 'require-signatures'?: number;
  readonly 'receipt-keys'?: readonly string[];
  readonly 'volume-size'?: string;
}

/**
 * Reads the configuration that `--config` names; it is never looked for.
 *
 * @throws CondaDiffError usage, naming the key that is wrong and the nearest that is right; io
 */
export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw asIoError(error, `Cannot read ${file}`);
  });
  const { loadAll } = await import('js-yaml');
  let documents: unknown[];
  try {
    documents = loadAll(text);
  } catch (error) {
    throw new CondaDiffError('usage', `${file} is not YAML: ${error instanceof Error ? error.message : ''}`);
  }
  if (documents.length > 1) throw new CondaDiffError('usage', `${file} holds several YAML documents`);
  const value = documents[0] ?? {};
  refuseUnknownKeys(file, value);
  const raw = (await documentValidator<RawConfig>('config', 'usage'))(value, file);
  return resolvePaths(raw, dirname(resolve(file)));
}

function refuseUnknownKeys(file: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const key of Object.keys(value)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    throw new CondaDiffError('usage', `${file}: there is no setting '${key}'`, {
      hint: near === undefined ? `The settings are ${KEYS.join(', ')}` : `Did you mean '${near}'?`,
    });
  }
}

function resolvePaths(
  {
    'state-dir': stateDir,
    'sign-keys': signKeys,
    'trusted-keys': trustedKeys,
    'require-signatures': requireSignatures,
    'receipt-keys': receiptKeys,
    'volume-size': volumeSize,
    ...raw
  }: RawConfig,
  directory: string,
): Config {
  const at = (path: string): string => resolve(directory, path);
  const keepSlash = (path: string): string => (path.endsWith('/') ? `${at(path)}/` : at(path));
  return {
    ...raw,
    ...(raw.repository !== undefined && { repository: at(raw.repository) }),
    ...(raw.output !== undefined && { output: keepSlash(raw.output) }),
    ...(raw.base !== undefined && parseBase(raw.base).kind === 'file' && { base: at(raw.base) }),
    ...(stateDir !== undefined && { stateDir: at(stateDir) }),
    ...(signKeys !== undefined && { signKeys: signKeys.map(at) }),
    ...(trustedKeys !== undefined && { trustedKeys: trustedKeys.map(at) }),
    ...(requireSignatures !== undefined && { requireSignatures }),
    ...(receiptKeys !== undefined && { receiptKeys: receiptKeys.map(at) }),
    ...(volumeSize !== undefined && { volumeSize }),
  };
}
