import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeFileAtomically, type Written } from '../shared/atomic-file.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { readReference } from '../shared/read-document.js';
import { EMPTY_REFERENCE, encodeReference, type Reference } from '../shared/reference.js';
import { EMPTY_STATE, shortDigest } from '../shared/state.js';
import type { Place } from './find-state.js';
import { type KnownState } from './site-view.js';
import { neededReferences } from './needed-references.js';
import { siteFlag } from './sites.js';
import { makeDirectory, removeFile, type Store } from './store.js';
import { shellWord } from '../shared/shell-word.js';

/** Where an exporter keeps the states that updates may start from. */
export function referencesDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'references');
}

/**
 * The name of a kept reference: the digest of its state, so that sites share it, and where it does not hold all of it
 * under no globs, a mark of scope and globs: the same files can be known more or less completely.
 */
function fileName(digest: string, known: NonNullable<KnownState['known']>): string {
  const { scope, globs } = known;
  const isPlain = scope === 'all' && globs.ignore.length + globs.include.length === 0;
  if (isPlain) return `${digest}.json.gz`;
  const terms = JSON.stringify([scope, globs.ignore, globs.include]);
  return `${digest}.${createHash('sha256').update(terms).digest('hex').slice(0, 8)}.json.gz`;
}

/** Keeps a reference. */
export async function saveReference(stateDirectory: string, reference: Reference): Promise<void> {
  const directory = referencesDirectory(stateDirectory);
  await makeDirectory(directory);
  const file = join(directory, fileName(reference.state.digest, reference));
  await writeReferenceGz(file, reference);
}

/** Writes a gzip-compressed reference atomically; the same reference gives the same bytes. */
export async function writeReferenceGz(file: string, reference: Reference): Promise<Written> {
  return writeFileAtomically(file, gzipped(reference));
}

/** One gzip member per chunk: RFC 1952 allows it, and it needs no second buffer. */
function* gzipped(reference: Reference): Generator<Buffer> {
  for (const chunk of encodeReference(reference)) yield gzipSync(chunk);
}

/**
 * Reads a kept reference: the one with the scope and globs that are known, else any of this state, which says itself
 * what it knows.
 *
 * @returns `undefined` when it is not kept any more
 * @throws CondaDiffError integrity or malformed, when the file is damaged; io
 */
export async function loadReference(
  stateDirectory: string,
  { digest, known }: Pick<KnownState, 'digest' | 'known'>,
): Promise<Reference | undefined> {
  const directory = referencesDirectory(stateDirectory);
  const names = [
    ...(known === undefined ? [] : [fileName(digest, known)]),
    ...(await keptOf(directory, digest)),
  ];
  const file = names.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (file === undefined) return digest === EMPTY_STATE.digest ? emptyReference(known) : undefined;
  const reference = await readReference(file);
  if (reference.state.digest === digest) return reference;
  throw new CondaDiffError('integrity', `${file} holds another state than its name says`, {
    details: [`expected ${digest}, found ${reference.state.digest}`],
    hint: 'Remove it, and start from another state: conda-diff-export create <repository> --base <reference.json>',
  });
}

function emptyReference(known: KnownState['known']): Reference {
  return known === undefined ? EMPTY_REFERENCE : { ...EMPTY_REFERENCE, ...known };
}

async function keptOf(directory: string, digest: string): Promise<string[]> {
  return (await keptNames(directory)).filter((name) => name.startsWith(digest)).sort();
}

async function keptNames(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  try {
    return (await readdir(directory)).filter((name) => digestOf(name) !== undefined);
  } catch (error) {
    throw asIoError(error, `Cannot read ${directory}`);
  }
}

function digestOf(name: string): string | undefined {
  return /^([0-9a-f]{64})(\.[0-9a-f]{8})?\.json\.gz$/.exec(name)?.[1];
}

/** The digests of the states that are kept. */
export async function keptStates(stateDirectory: string): Promise<Set<string>> {
  const names = await keptNames(referencesDirectory(stateDirectory));
  return new Set(names.flatMap((name) => digestOf(name) ?? []));
}

/**
 * Removes every kept reference that no site needs; where that fails, the next run tries again.
 *
 * @param last of how many last updates of each site they are kept; 10 by default
 */
export async function pruneReferences(
  { directory: stateDirectory, log }: Store,
  note: (line: string) => void,
  last?: number,
): Promise<void> {
  const directory = referencesDirectory(stateDirectory);
  const needed = neededReferences(log.events, last);
  try {
    for (const name of await keptNames(directory)) {
      if (!needed.has(digestOf(name) ?? '')) await removeFile(join(directory, name));
    }
  } catch (error) {
    if (!(error instanceof CondaDiffError)) throw error;
    note(`References that no site needs any more are left for the next run: ${error.message}`);
  }
}

/** What to do when the reference of a state is not kept any more. */
export function notKept({ repository, site }: Place, digest: string): CondaDiffError {
  return new CondaDiffError(
    'usage',
    `The reference of the state ${shortDigest(digest)} is not kept any more`,
    {
      hint: [
        'Have a reference of the copy carried over, and start from that:',
        '  there: conda-diff-import reference <repository> -o reference.json',
        `  here:  conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base reference.json`,
      ].join('\n'),
    },
  );
}
