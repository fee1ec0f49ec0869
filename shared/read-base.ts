import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from './errors.js';
import { fingerprintOfFile } from './fingerprint.js';
import { type FileHash, hashFile } from './hashing.js';
import { type Manifest, targetOf } from './manifest.js';
import { isPythonReference, pythonBase, type PythonReference } from './python-reference.js';
import { readHashedReference, readManifest, readReference } from './read-document.js';
import type { Reference } from './reference.js';

/** A base that was read from a file. */
export interface Base {
  readonly reference: Reference;
  /** Records of a Python reference that say too little to enter the base. */
  readonly unknown: number;
  /** Which tool wrote the file. */
  readonly kind: 'reference' | 'python';
  /** The update that the base is the target of; a reference has none. */
  readonly update?: { readonly manifest: Manifest; readonly base: Reference };
}

/** Largest Python reference that is read, in bytes: it is parsed whole, and V8 strings end at 512 MiB. */
const MAX_PYTHON_BYTES = 400 * 2 ** 20;
const SNIFFED_BYTES = 256;
const OURS = /^\s*\{\s*"format"\s*:\s*"(conda-diff-[a-z]+)"/;

/**
 * Reads what can serve as a base: our reference (`.gz` too), a manifest, which stands for its target, or a
 * reference of the Python tool.
 *
 * @param indexDirectories of the repository that the base is for; '' = the repository itself
 * @throws CondaDiffError usage, when the file is not there or does not belong to this repository; malformed or
 *   integrity, when it cannot be trusted; io
 */
export async function readBase(file: string, indexDirectories: readonly string[]): Promise<Base> {
  if (fingerprintOfFile(file) === undefined) throw new CondaDiffError('usage', `No such file: ${file}`);
  const format = file.endsWith('.gz') ? 'conda-diff-reference' : OURS.exec(await beginning(file))?.[1];
  if (format === undefined) {
    return { ...pythonBase(await readPython(file), indexDirectories, file), kind: 'python' };
  }
  if (format === 'conda-diff-receipt') throw isReceipt(file);
  const known = { unknown: 0, kind: 'reference' } as const;
  if (format === 'conda-diff-manifest') return { ...known, ...(await readTarget(file)) };
  return { ...known, reference: await readReference(file) };
}

function isReceipt(file: string): CondaDiffError {
  return new CondaDiffError('usage', `${file} is a receipt: it names a state, and does not hold it`, {
    hint: [
      'If the state is known here, confirm it: conda-diff-export confirm <repository> <receipt.json>',
      'Else have a reference of the copy carried over: conda-diff-import reference <repository> -o reference.json',
    ].join('\n'),
  });
}

async function beginning(file: string): Promise<string> {
  return reading(file, async (handle) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  });
}

async function reading<T>(file: string, read: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    return await read(handle);
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  } finally {
    await handle?.close();
  }
}

/** The target of an update: its manifest and the base reference beside it together. */
async function readTarget(file: string): Promise<Base> {
  const manifest = await readManifest(file);
  const base = await readBaseReference(manifest, file);
  if (base === undefined) {
    throw new CondaDiffError('usage', `No such file: ${join(dirname(file), manifest.baseReference.name)}`, {
      hint: 'A manifest stands for a state only together with its base reference; copy that beside it',
    });
  }
  const state = targetOf(manifest, base, file);
  const reference = { rules: manifest.rules, scope: 'all' as const, globs: manifest.globs, state };
  return { reference, unknown: 0, kind: 'reference', update: { manifest, base } };
}

/**
 * Reads the base reference that lies beside a manifest. It is parsed from the bytes that were hashed, and nothing of it is
 * used before these are found to be those that the manifest names.
 *
 * @returns `undefined` when there is none
 * @throws CondaDiffError integrity, when it is not the file that the manifest names; malformed; io
 */
export async function readBaseReference(
  { baseReference: stated }: Pick<Manifest, 'baseReference'>,
  manifestFile: string,
): Promise<Reference | undefined> {
  const file = join(dirname(manifestFile), stated.name);
  if (fingerprintOfFile(file) === undefined) return undefined;
  try {
    const { reference, found } = await readHashedReference(file);
    requireStatedBase(file, stated, found);
    return reference;
  } catch (error) {
    // What else is wrong with a file that is not the right one does not matter.
    if (isRefusal(error)) requireStatedBase(file, stated, await hashFile(file));
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof CondaDiffError && (error.code === 'malformed' || error.code === 'integrity');
}

/**
 * Refuses a file that is not the base reference which a manifest names.
 *
 * @throws CondaDiffError integrity
 */
export function requireStatedBase(file: string, stated: FileHash, found: FileHash): void {
  if (found.sha256 === stated.sha256 && found.size === stated.size) return;
  throw new CondaDiffError('integrity', `${file} is not the base reference that the manifest names`, {
    details: [
      `expected sha256 ${stated.sha256}, ${String(stated.size)} bytes`,
      `found sha256 ${found.sha256}, ${String(found.size)} bytes`,
    ],
    hint: 'Copy the file again from its source',
  });
}

async function readPython(file: string): Promise<PythonReference> {
  const value = parse(file, await readSmall(file));
  if (isPythonReference(value)) return value;
  throw new CondaDiffError('malformed', `${file} is not a reference`, {
    hint: 'A reference is what conda-diff-export reference or conda-diff-tar --reference writes',
  });
}

async function readSmall(file: string): Promise<string> {
  return reading(file, async (handle) => {
    if ((await handle.stat()).size <= MAX_PYTHON_BYTES) return handle.readFile('utf8');
    throw new CondaDiffError('usage', `${file} is too large for a reference of the Python tool`, {
      details: [`at most ${String(MAX_PYTHON_BYTES)} bytes are read`],
      hint: 'Make a reference with conda-diff-tar --reference on a copy that is in the same state',
    });
  });
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    throw new CondaDiffError('malformed', `${file} is not a reference: it is not JSON${reason}`, { cause });
  }
}
