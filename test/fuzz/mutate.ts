import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../support/random.js';
import { below, BYTE_MUTATORS, pick } from './mutate-bytes.js';
import { mutateTar, TAR_MUTATORS } from './mutate-tar.js';
import { LINE_MUTATORS, mutateDocument, sealed } from './mutate-text.js';

/** The files of an update: name → content. */
export type Files = ReadonlyMap<string, Buffer>;

export interface Mutated {
  readonly files: Files;
  /** What was done, one word or two for each place. */
  readonly did: readonly string[];
}

export const MANIFEST = 'update.manifest.json';
export const ARCHIVE = 'update.tar';
export const BASE = 'update.base.json.gz';

/** Bytes are altered without knowing what they mean, or with; half of the times the latter hides its traces. */
const GRAMMAR = 0.5;
const RESEAL = 0.5;

/** Mostly one to three places; part of the updates are badly damaged. */
const BADLY = 0.25;
const MOST_PLACES = 24;

/**
 * Alters an update in some places. Checksums and hashes that the exporter would write are made right in part of
 * the cases, never those of the shipped files, of the states, or a signature: these are what an update is believed for.
 *
 * @param other another update of the same mirror
 */
export function mutate(original: Files, other: Files, random: Random): Mutated {
  const files = new Map(original);
  const did: string[] = [];
  const places = 1 + below(random, random.next() < BADLY ? MOST_PLACES : 3);
  for (let left = places; left > 0; left--) did.push(mutateOne(files, other, random));
  return { files, did };
}

function mutateOne(files: Map<string, Buffer>, other: Files, random: Random): string {
  const name = pick(random, [...files.keys()]);
  const bytes = files.get(name)!;
  if (random.next() < GRAMMAR && /manifest\.json$|\.tar$|\.gz$/.test(name)) {
    const kind = mutateByGrammar(files, name, random);
    return `${name} ${kind}`;
  }
  const kind = pick(random, Object.keys(BYTE_MUTATORS));
  files.set(name, BYTE_MUTATORS[kind]!(bytes, random, other.get(name) ?? Buffer.from(kind)));
  return `${name} ${kind}`;
}

function mutateByGrammar(files: Map<string, Buffer>, name: string, random: Random): string {
  const bytes = files.get(name)!;
  if (name === ARCHIVE) {
    const kind = pick(random, Object.keys(TAR_MUTATORS));
    files.set(name, mutateTar(bytes, random, kind));
    if (random.next() < RESEAL) restate(files, name);
    return kind;
  }
  const kind = pick(random, Object.keys(LINE_MUTATORS));
  if (name === MANIFEST) files.set(name, mutateDocument(bytes, random, kind));
  else {
    const text = unzipped(bytes);
    if (text === undefined) return 'left alone';
    files.set(name, gzipSync(mutateDocument(text, random, kind)));
    if (random.next() < RESEAL) restate(files, name);
  }
  return kind;
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

/** Lets the manifest name a file as it is now, with a right checksum. */
function restate(files: Map<string, Buffer>, name: string): void {
  const bytes = files.get(name)!;
  const text = files.get(MANIFEST)!.toString();
  const end = text.lastIndexOf('"checksum":"');
  if (end < 0) return;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pattern = new RegExp(`"name":"${name.replaceAll('.', '\\.')}","size":[0-9]+,"sha256":"[0-9a-f]*"`);
  const stated = `"name":"${name}","size":${bytes.length},"sha256":"${sha256}"`;
  files.set(MANIFEST, sealed(text.slice(0, end).replace(pattern, stated)));
}
