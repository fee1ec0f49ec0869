import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { archiveBytes, type TarEntry, type TarMark, tarHeader } from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { hashOf } from './arbitrary.js';
import { alterHeader, padded } from './hostile-tar.js';

export type Line = Record<string, unknown>;

/** A line document taken apart. */
export interface DocumentDraft {
  header: Line;
  readonly sections: Map<string, Line[]>;
}

/** An entry of an archive taken apart. */
export interface EntryDraft {
  /** The header blocks, a pax header before the last one included. */
  header: Buffer;
  content: Buffer;
}

/** An update taken apart, to be altered and put together again. */
export interface UpdateDraft {
  readonly manifest: DocumentDraft;
  readonly base: DocumentDraft;
  /** Entries of each volume. */
  readonly volumes: EntryDraft[][];
  /** What ends each archive. */
  end: Buffer;
}

/** What is done to the finished files; hashes and sizes in the manifest are those of the altered ones. */
export interface Sealing {
  /** Alters the archive's bytes. */
  readonly archive?: (bytes: Buffer, volume: number) => Buffer;
  /** Alters the text of the base reference before its checksum is made. */
  readonly base?: (body: string) => string;
  /** Alters the compressed base reference. */
  readonly compressed?: (bytes: Buffer) => Buffer;
  /** Alters the text of the manifest before its checksum is made. */
  readonly manifest?: (body: string) => string | Buffer;
  /** The archive is cut off, or filled with zeros, so that it is as long as the manifest's files make it. */
  readonly fit?: boolean;
  /** Fields that are not made to fit the rest: `target`, `base`, `id`, `volumes`, `baseReference`. */
  readonly keep?: readonly string[];
}

const BLOCK = 512;
const MANIFEST = 'update.manifest.json';

/** Takes apart an update that conda-diff wrote. */
export function takeApart(directory: string): UpdateDraft {
  const manifest = parse(readFileSync(join(directory, MANIFEST), 'utf8'));
  const { name } = manifest.header['baseReference'] as { name: string };
  const base = parse(gunzipSync(readFileSync(join(directory, name))).toString());
  const files = [...section(manifest, 'files')];
  const volumes = section(manifest, 'volumes').map((volume) => {
    const bytes = readFileSync(join(directory, String(volume['name'])));
    return splitArchive(bytes, files.splice(0, Number(volume['files'])));
  });
  return { manifest, base, volumes, end: Buffer.alloc(2 * BLOCK) };
}

export function section(document: DocumentDraft, name: string): Line[] {
  const entries = document.sections.get(name);
  if (entries === undefined) throw new Error(`there is no section ${name}`);
  return entries;
}

/** The entry of a path in a section. */
export function lineOf(document: DocumentDraft, name: string, path: string): Line {
  const line = section(document, name).find((one) => one['path'] === path);
  if (line === undefined) throw new Error(`there is no ${path} in ${name}`);
  return line;
}

/** The archive entry of a shipped file. */
export function entryOfFile({ manifest, volumes }: UpdateDraft, path: string): EntryDraft {
  const n = section(manifest, 'files').findIndex((one) => one['path'] === path);
  return volumes.flat()[n]!;
}

/** A mark that is replaced by the right one when an update is put together. */
export const ANY_MARK: TarMark = volumeMark('0'.repeat(64), 1, 1);

/** Gives a shipped file another path, in manifest and archive. */
export function moveFile(draft: UpdateDraft, from: string, to: string): void {
  const entry = entryOfFile(draft, from);
  const line = lineOf(draft.manifest, 'files', from);
  line['path'] = to;
  entry.header = tarHeader({ path: to, size: Number(line['size']), mtime: Number(line['mtime']) }, ANY_MARK);
}

/**
 * Puts an update together so that everything fits: totals, digests, the id, hashes, sizes and checksums are those of
 * what the draft holds, whatever that is.
 */
export function seal(draft: UpdateDraft, directory: string, sealing: Sealing = {}): void {
  mkdirSync(directory, { recursive: true });
  const { manifest, base } = draft;
  const keep = sealing.keep ?? [];
  const baseTotals = totalsOf(section(base, 'entries'));
  Object.assign(base.header, baseTotals);
  if (!keep.includes('base')) Object.assign(manifest.header['base'] as Line, baseTotals);
  if (!keep.includes('target')) manifest.header['target'] = totalsOf(targetOf(draft));
  if (!keep.includes('id')) manifest.header['id'] = idOf(manifest.header);

  const compressed = gzipSync(document(base, sealing.base));
  const baseBytes = sealing.compressed?.(compressed) ?? compressed;
  const stated = manifest.header['baseReference'] as { name: string };
  writeFileSync(join(directory, stated.name), baseBytes);
  if (!keep.includes('baseReference')) Object.assign(stated, fileOf(baseBytes));
  const files = section(manifest, 'files').map((line) => line as unknown as TarEntry);
  section(manifest, 'volumes').forEach((volume, n) => {
    const mark = volumeMark(String(manifest.header['id']), n + 1, section(manifest, 'volumes').length);
    const whole = archiveOf(draft.volumes[n] ?? [], draft.end, mark);
    const altered = sealing.archive?.(whole, n) ?? whole;
    const bytes =
      sealing.fit === true ? fitted(altered, files.splice(0, Number(volume['files'])), mark) : altered;
    writeFileSync(join(directory, String(volume['name'])), bytes);
    if (!keep.includes('volumes')) Object.assign(volume, fileOf(bytes));
  });
  writeFileSync(join(directory, MANIFEST), document(manifest, sealing.manifest));
}

/** Headers that carry the mark of an update get the one that fits; others are left alone. */
export function archiveOf(entries: readonly EntryDraft[], end: Buffer, { owner, group }: TarMark): Buffer {
  const marked = ({ header }: EntryDraft): Buffer[] => {
    const [pax, last] = [header.subarray(0, -BLOCK), header.subarray(-BLOCK)];
    const text = last.toString('latin1');
    const isMarked = text.startsWith('update:', 265) && text.startsWith('volume:', 297);
    return [pax, isMarked ? alterHeader(last, { uname: owner, gname: group }) : last];
  };
  return Buffer.concat([...entries.flatMap((one) => [...marked(one), padded(one.content)]), end]);
}

function fitted(bytes: Buffer, files: readonly TarEntry[], mark: TarMark): Buffer {
  const size = archiveBytes(files, mark);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length))]).subarray(0, size);
}

function targetOf({ manifest, base }: UpdateDraft): Line[] {
  const target = new Map(section(base, 'entries').map((line) => [line['path'], line]));
  for (const { path } of section(manifest, 'removed')) target.delete(path);
  for (const line of section(manifest, 'files')) target.set(line['path'], line);
  return [...target.values()];
}

/** Digest, count and bytes of entries, from the definition and not from our code. */
function totalsOf(entries: readonly Line[]): { digest: string; count: number; bytes: number } {
  const sorted = [...entries].sort((a, b) =>
    Buffer.compare(Buffer.from(String(a['path'])), Buffer.from(String(b['path']))),
  );
  const hash = createHash('sha256');
  for (const { sha256, path } of sorted) hash.update(`${String(sha256)}  ${String(path)}\n`);
  const bytes = entries.reduce((all, { size }) => all + Number(size), 0);
  return { digest: hash.digest('hex'), count: entries.length, bytes };
}

function idOf({ site, sequence, base, target }: Line): string {
  const [from, to] = [base, target].map((one) => (one as { digest: string }).digest);
  return hashOf(`${String(site)}\n${String(sequence)}\n${from}\n${to}\n`);
}

function fileOf(bytes: Buffer): { size: number; sha256: string } {
  return { size: bytes.length, sha256: hashOf(bytes) };
}

function document({ header, sections }: DocumentDraft, alter?: (body: string) => string | Buffer): Buffer {
  const parts = [...sections].map(([name, entries]) => {
    const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n');
    return `"${name}":[\n${lines}${lines === '' ? '' : '\n'}],\n`;
  });
  const text = `${JSON.stringify(header).slice(0, -1)},\n${parts.join('')}`;
  const body = Buffer.from(alter?.(text) ?? text);
  return Buffer.concat([body, Buffer.from(`"checksum":"${hashOf(body)}"\n}\n`)]);
}

function parse(text: string): DocumentDraft {
  const whole = JSON.parse(text) as Line;
  const names = [...text.matchAll(/^"(\w+)":\[$/gm)].map(([, name]) => name!);
  const header = Object.entries(whole).filter(([key]) => key !== 'checksum' && !names.includes(key));
  return {
    header: Object.fromEntries(header),
    sections: new Map(names.map((name) => [name, whole[name] as Line[]])),
  };
}

function splitArchive(bytes: Buffer, files: readonly Line[]): EntryDraft[] {
  let at = 0;
  return files.map(({ size }) => {
    const start = at;
    while (bytes.toString('latin1', at + 156, at + 157) === 'x')
      at += BLOCK + padded(Buffer.alloc(parseInt(bytes.toString('latin1', at + 124, at + 135), 8))).length;
    at += BLOCK;
    const header = Buffer.from(bytes.subarray(start, at));
    const content = Buffer.from(bytes.subarray(at, at + Number(size)));
    at += padded(content).length;
    return { header, content };
  });
}
