import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseBase } from './base-option.js';
import { asIoError, CondaDiffError } from './errors.js';
import { nearest } from './nearest.js';
import { documentValidator } from './schema.js';

/** What of the settings a site may have of its own. */
export interface SiteSettings {
  readonly output?: string;
  readonly base?: string;
  readonly ignore?: readonly string[];
  readonly include?: readonly string[];
  /** As `--volume-size`. */
  readonly volumeSize?: string;
  /** Public keys that receipts must be signed with. */
  readonly receiptKeys?: readonly string[];
}

/** What a conda-diff.yaml may set; see schemas/config.schema.json. Paths are absolute once it is read. */
export interface Config extends SiteSettings {
  readonly repository?: string;
  readonly site?: string;
  /** What sites have of their own, by their names. */
  readonly sites?: Readonly<Record<string, SiteSettings>>;
  readonly stateDir?: string;
  /** Private keys that sign updates, or receipts. */
  readonly signKeys?: readonly string[];
  /** Public keys that updates must be signed with. */
  readonly trustedKeys?: readonly string[];
  readonly requireSignatures?: number;
  /** Links in the repository that may lead out of it, as paths in the repository. */
  readonly allowedLinks?: readonly string[];
  /** Of how many last updates the references are kept. */
  readonly keepReferences?: number;
  /** `false` as `--no-undo`. */
  readonly undo?: boolean;
  /** As `--older-than` of `gc`, and how long retired files wait at least. */
  readonly gcOlderThan?: string;
}

const SITE_KEYS = ['output', 'base', 'ignore', 'include', 'volume-size', 'receipt-keys'];
const KEYS = [
  'repository',
  'site',
  ...SITE_KEYS,
  'sites',
  'state-dir',
  'sign-keys',
  'trusted-keys',
  'require-signatures',
  'allowed-links',
  'keep-references',
  'undo',
  'gc-older-than',
];

interface RawSettings extends Pick<SiteSettings, 'output' | 'base' | 'ignore' | 'include'> {
  readonly 'volume-size'?: string;
  readonly 'receipt-keys'?: readonly string[];
}

interface RawConfig extends RawSettings, Pick<Config, 'repository' | 'site' | 'undo'> {
  readonly sites?: Readonly<Record<string, RawSettings>>;
  readonly 'state-dir'?: string;
  readonly 'sign-keys'?: readonly string[];
  readonly 'trusted-keys'?: readonly string[];
  readonly 'require-signatures'?: number;
  readonly 'allowed-links'?: readonly string[];
  readonly 'keep-references'?: number;
  readonly 'gc-older-than'?: string;
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
  refuseUnknownKeys(file, '', value, KEYS);
  for (const [name, own] of Object.entries(mapIn(value, 'sites')))
    refuseUnknownKeys(file, `sites.${name}.`, own, SITE_KEYS);
  const raw = (await documentValidator<RawConfig>('config', 'usage'))(value, file);
  return resolvePaths(raw, dirname(resolve(file)));
}

function refuseUnknownKeys(file: string, where: string, value: unknown, known: readonly string[]): void {
  for (const key of Object.keys(isMap(value) ? value : {})) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new CondaDiffError('usage', `${file}: there is no setting '${where}${key}'`, {
      hint: near === undefined ? `The settings are ${known.join(', ')}` : `Did you mean '${near}'?`,
    });
  }
}

/** The map below a key, where both are maps; what is wrong otherwise the schema says. */
function mapIn(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = isMap(value) ? value[key] : undefined;
  return isMap(inner) ? inner : {};
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function resolvePaths(raw: RawConfig, directory: string): Config {
  const { repository, site, sites, undo } = raw;
  const at = (path: string): string => resolve(directory, path);
  const own = Object.entries(sites ?? {}).map(
    ([name, settings]) => [name, siteSettings(settings, at)] as const,
  );
  return present({
    ...siteSettings(raw, at),
    repository: repository === undefined ? undefined : at(repository),
    site,
    sites: sites && Object.fromEntries(own),
    stateDir: raw['state-dir'] === undefined ? undefined : at(raw['state-dir']),
    signKeys: raw['sign-keys']?.map(at),
    trustedKeys: raw['trusted-keys']?.map(at),
    requireSignatures: raw['require-signatures'],
    allowedLinks: raw['allowed-links'],
    keepReferences: raw['keep-references'],
    undo,
    gcOlderThan: raw['gc-older-than'],
  });
}

function siteSettings(raw: RawSettings, at: (path: string) => string): SiteSettings {
  const { output, base, ignore, include } = raw;
  const keepSlash = (path: string): string => (path.endsWith('/') ? `${at(path)}/` : at(path));
  return present({
    output: output === undefined ? undefined : keepSlash(output),
    base: base !== undefined && parseBase(base).kind === 'file' ? at(base) : base,
    ignore,
    include,
    volumeSize: raw['volume-size'],
    receiptKeys: raw['receipt-keys']?.map(at),
  });
}

/** Without the keys whose values are undefined. */
function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
