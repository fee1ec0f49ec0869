import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type TarEntry, tarHeader } from '../../../shared/tar-entry.js';
import { zstdFrame } from '../../support/conda-package.js';
import { NEW } from '../../support/hostile-site.js';
import {
  alterHeader,
  base256,
  headerBlock,
  paxEntry,
  type TarFields,
  tarEntry,
} from '../../support/hostile-tar.js';
import { ANY_MARK, entryOfFile, lineOf, section, type UpdateDraft } from '../../support/hostile-update.js';
import { hostileTable, malformed, resealed, type Row } from './table.js';

const OTHER = /does not hold what the manifest says/;
const SECRET = '../outside/secret';

/** A row in which the header of the new artifact has other fields. */
const header = (what: string, fields: TarFields): Row =>
  malformed(`a header with ${what}`, OTHER, (draft) => {
    const entry = entryOfFile(draft, NEW);
    entry.header = alterHeader(entry.header, fields);
  });

/** A row in which entries stand before that of the new artifact. */
const before = (what: string, ...entries: Buffer[]): Row =>
  resealed(`before a file ${what}`, OTHER, (draft) => {
    const entry = entryOfFile(draft, NEW);
    entry.header = Buffer.concat([...entries, entry.header]);
    return { fit: true };
  });

const TYPES: Readonly<Record<string, string>> = {
  '\0': 'the old sign of a file',
  '1': 'the sign of a hard link',
  '2': 'the sign of a symbolic link',
  '3': 'the sign of a character device',
  '4': 'the sign of a block device',
  '5': 'the sign of a directory',
  '6': 'the sign of a FIFO',
  '7': 'the sign of a contiguous file',
  A: 'a sign of nobody',
  D: 'the sign of a GNU dump directory',
  K: 'the sign of a GNU long link name',
  L: 'the sign of a GNU long name',
  M: 'the sign of a GNU continuation',
  N: 'the sign of an old GNU long name',
  S: 'the sign of a GNU sparse file',
  V: 'the sign of a GNU volume name',
  X: 'the sign of a Solaris extended header',
  g: 'the sign of a global pax header',
  x: 'the sign of a pax header',
};

/** A GNU sparse header: 24 bytes that stand for a gigabyte. */
const SPARSE = Buffer.from('00000000000\x0000000000030\x00');

it('A header whose fields are written again is the same', () => {
  const block = tarHeader({ path: NEW, size: 700, mtime: 1_700_000_000 }, ANY_MARK);
  assert.deepEqual(
    alterHeader(block, { name: NEW, size: 700, mode: 0o644, uid: 0, mtime: 1_700_000_000 }),
    block,
  );
});

const headers: readonly Row[] = [
  ...Object.entries(TYPES).map(([type, what]) => header(what, { type })),
  ...Object.entries(TYPES).map(([type, what]) => header(`${what} and a target`, { type, linkname: SECRET })),
  header('a target', { linkname: '/etc/passwd' }),
  header('another name', { name: 'noarch/other-1.0-0.conda' }),
  header('a name that leads out', { name: SECRET }),
  header('an absolute name', { name: '/etc/passwd' }),
  header('a slash after the name', { name: `${NEW}/` }),
  header('a dot before the name', { name: `./${NEW}` }),
  header('the name cut in two', { name: 'new-1.0-0.conda', prefix: 'noarch' }),
  header('a prefix that leads out', { prefix: '../outside' }),
  header('bytes after the end of the name', { name: `${NEW}\0x` }),
  header('a larger size', { size: 1 << 20 }),
  header('a size of zero', { size: 0 }),
  header('a size of 8 GiB', { size: 8 ** 11 - 1 }),
  header('a negative size', { size: base256(-1n) }),
  header('a size of 2^63', { size: base256(2n ** 63n) }),
  header('a size beyond 2^53', { size: base256(2n ** 53n + 1n) }),
  header('a size in spaces', { size: Buffer.from('            ') }),
  header('its size written in another way', { size: Buffer.from('00000001717\0') }),
  header('a size in words', { size: Buffer.from('not a number') }),
  header('another time', { mtime: 1 }),
  header('a time before 1970', { mtime: base256(-1n) }),
  header('the set-user-id bit', { mode: 0o4755 }),
  header('a mode of no rights', { mode: 0 }),
  header('another owner', { uid: 1000 }),
  header('another group', { gid: 1000 }),
  header('an owner by name', { uname: 'nobody' }),
  header('a group by name', { gname: 'nobody' }),
  header('the magic of GNU tar', { magic: 'ustar  \0' }),
  header('no magic', { magic: '' }),
  header('a device number', { devmajor: 8, devminor: 1 }),
  header('a GNU sparse map', { type: 'S', rest: SPARSE, magic: 'ustar  \0' }),
  header('bytes where there are none', { rest: Buffer.from('x') }),
];

const longName = (type: 'L' | 'K', name: string): Buffer =>
  tarEntry({ name: '././@LongLink', type, magic: 'ustar  \0' }, `${name}\0`);

const extended: readonly Row[] = [
  before('a pax header with another path', paxEntry('x', { path: SECRET })),
  before('a pax header with the same path', paxEntry('x', { path: NEW })),
  before('a pax header with an absolute path', paxEntry('x', { path: '/etc/passwd' })),
  before('a pax header with another size', paxEntry('x', { size: '0' })),
  before('a pax header with a negative size', paxEntry('x', { size: '-1' })),
  before('a pax header with a size beyond 2^64', paxEntry('x', { size: '99999999999999999999' })),
  before('a pax header with a target', paxEntry('x', { linkpath: '/etc/passwd' })),
  before('a pax header with an owner', paxEntry('x', { uid: '0', uname: 'root' })),
  before('a pax header with a time', paxEntry('x', { mtime: '0' })),
  before('a pax header with a comment', paxEntry('x', { comment: 'x' })),
  before(
    'a pax header with a sparse map',
    paxEntry('x', { 'GNU.sparse.realsize': '99999999', 'GNU.sparse.name': SECRET }),
  ),
  before('a pax header with an attribute', paxEntry('x', { 'SCHILY.xattr.security.capability': 'x' })),
  before('two pax headers', paxEntry('x', { path: NEW }), paxEntry('x', { path: SECRET })),
  before('a pax header of no records', tarEntry({ name: 'PaxHeader/x', type: 'x' })),
  before(
    'a pax header whose record lies of its length',
    tarEntry({ name: 'PaxHeader/x', type: 'x' }, '999 path=x\n'),
  ),
  before('a pax header of 1 MiB', tarEntry({ name: 'PaxHeader/x', type: 'x' }, 'x'.repeat(1 << 20))),
  before(
    'a pax header that says to be of 8 GiB',
    headerBlock({ name: 'PaxHeader/x', type: 'x', size: 8 ** 11 - 1 }),
  ),
  before('a global pax header with a path', paxEntry('g', { path: SECRET })),
  before('a global pax header with a comment', paxEntry('g', { comment: '0123456789abcdef' })),
  before('a GNU long name', longName('L', SECRET)),
  before('a GNU long link name', longName('K', '/etc/passwd')),
  before('a GNU volume name', tarEntry({ name: 'label', type: 'V' })),
  before('a directory', tarEntry({ name: 'noarch/', type: '5', mode: 0o777 })),
  before(
    'a symbolic link to elsewhere',
    tarEntry({ name: 'noarch/new', type: '2', linkname: '../../outside' }),
  ),
  before(
    'its directory as a symbolic link',
    tarEntry({ name: 'noarch', type: '2', linkname: '../outside/deep' }),
  ),
  before('a hard link to elsewhere', tarEntry({ name: NEW, type: '1', linkname: SECRET })),
  before('a device', tarEntry({ name: 'noarch/null', type: '3', devmajor: 1, devminor: 3 })),
  before('a FIFO', tarEntry({ name: 'noarch/fifo', type: '6' })),
  before('a file that the manifest does not name', tarEntry({ name: 'noarch/more.conda' }, 'x')),
  before('the same file with another content', tarEntry({ name: NEW }, 'x')),
  before('an end of the archive', Buffer.alloc(1024)),
  before('a block of zeros', Buffer.alloc(512)),
];

const entries = ({ volumes }: UpdateDraft) => volumes[0]!;

/** What the manifest's check of its own finds. */
const LENGTH = /expected \d+ bytes, found \d+ in the manifest/;

/** Two rows: the archive as long as it becomes, and as long as it should be. */
function bothLengths(
  what: string,
  text: RegExp,
  edit: (draft: UpdateDraft) => void,
  archive = (bytes: Buffer): Buffer => bytes,
): Row[] {
  const either = new RegExp(`${LENGTH.source}|${text.source}`);
  return [
    resealed(what, either, (draft) => {
      edit(draft);
      return { archive };
    }),
    resealed(`${what}, as long as it should be`, text, (draft) => {
      edit(draft);
      return { archive, fit: true };
    }),
  ];
}

const nothing = (): void => undefined;

const structure: readonly Row[] = [
  ...bothLengths('an entry twice', OTHER, (draft) => {
    entries(draft).splice(1, 0, { ...entries(draft)[0]! });
  }),
  ...bothLengths('an entry gone', OTHER, (draft) => {
    entries(draft).splice(1, 1);
  }),
  ...bothLengths('its last entry gone', OTHER, (draft) => {
    entries(draft).pop();
  }),
  ...bothLengths('two entries swapped', OTHER, (draft) => {
    const list = entries(draft);
    [list[0], list[1]] = [list[1]!, list[0]!];
  }),
  ...bothLengths('an entry more at its end', /holds bytes at its end that the manifest does not/, (draft) => {
    const more = { path: 'noarch/more.conda', size: 1, mtime: 0 };
    entries(draft).push({ header: tarHeader(more, ANY_MARK), content: Buffer.from('x') });
  }),
  ...bothLengths('a file in the manifest that it does not hold', OTHER, (draft) => {
    const line = { ...lineOf(draft.manifest, 'files', NEW), path: 'noarch/newer-1.0-0.conda' };
    section(draft.manifest, 'files').splice(1, 0, line);
    const [volume] = section(draft.manifest, 'volumes');
    volume!['files'] = Number(volume!['files']) + 1;
  }),
  ...bothLengths('nothing at all but its end', OTHER, (draft) => {
    entries(draft).length = 0;
  }),
  malformed('something after its end', LENGTH, (draft) => {
    draft.end = Buffer.concat([Buffer.alloc(1024), Buffer.alloc(512, 'x')]);
  }),
  malformed('zeros after its end', LENGTH, (draft) => {
    draft.end = Buffer.alloc(10240);
  }),
  malformed('no end', LENGTH, (draft) => {
    draft.end = Buffer.alloc(0);
  }),
  malformed('half an end', LENGTH, (draft) => {
    draft.end = Buffer.alloc(512);
  }),
  malformed('something in the zeros at its end', /holds bytes at its end/, (draft) => {
    draft.end = Buffer.concat([Buffer.alloc(1000), Buffer.from('x'), Buffer.alloc(23)]);
  }),
  resealed('itself a second time', LENGTH, () => ({ archive: (bytes) => Buffer.concat([bytes, bytes]) })),
  ...bothLengths('another archive before it', OTHER, nothing, (bytes) =>
    Buffer.concat([tarEntry({ name: SECRET }, 'x'), Buffer.alloc(1024), bytes]),
  ),
  resealed(
    'something between a content and the next header',
    /holds bytes after .* that the manifest/,
    (draft) => {
      const { header: first, content } = entries(draft)[0]!;
      const at = first.length + content.length;
      return {
        archive: (bytes) => Buffer.concat([bytes.subarray(0, at), Buffer.from('x'), bytes.subarray(at + 1)]),
      };
    },
  ),
  ...bothLengths('itself compressed with gzip', OTHER, nothing, (bytes) => gzipSync(bytes)),
  ...bothLengths('itself compressed with zstd', OTHER, nothing, (bytes) => zstdFrame(bytes)),
  ...bothLengths('no tar', OTHER, nothing, (bytes) => Buffer.alloc(bytes.length, 'x')),
  ...bothLengths('a zip file', OTHER, nothing, (bytes) => Buffer.concat([Buffer.from('PK\x03\x04'), bytes])),
  ...bothLengths('nothing', /is cut off|found the end of the archive/, nothing, () => Buffer.alloc(0)),
];

/** A row in which manifest and header state another size than the content has. */
const size = (what: string, lie: (size: number) => number, code: Row['code'], text: RegExp): Row => ({
  what: `a size that counts ${what}`,
  code,
  text,
  craft: (draft) => {
    const line = lineOf(draft.manifest, 'files', NEW);
    line['size'] = lie(Number(line['size']));
    const { path, size: stated, mtime } = line as unknown as TarEntry;
    entryOfFile(draft, NEW).header = tarHeader({ path, size: stated, mtime }, ANY_MARK);
    return { fit: Number(line['size']) < 1 << 20 };
  },
});

const sizes: readonly Row[] = [
  size('the padding', (bytes) => bytes + 1, 'integrity', /Files of the update are damaged/),
  size('a byte less', (bytes) => bytes - 1, 'integrity', /Files of the update are damaged/),
  size('a block more', (bytes) => bytes + 512, 'malformed', OTHER),
  size('a block less', (bytes) => bytes - 512, 'malformed', OTHER),
  size('nothing', () => 0, 'malformed', OTHER),
  size('8 GiB', () => 8 ** 11, 'malformed', LENGTH),
  size('almost 2^53', () => Number.MAX_SAFE_INTEGER - (1 << 20), 'malformed', LENGTH),
];

/** What the manifest says of the archives. */
const volumes: Row[] = [
  malformed('a volume of one file less', /volumes hold \d+ files, the manifest has/, (draft) => {
    const [volume] = section(draft.manifest, 'volumes');
    volume!['files'] = Number(volume!['files']) - 1;
  }),
  malformed('no volume', /volumes hold 0 files/, (draft) => {
    section(draft.manifest, 'volumes').length = 0;
  }),
  malformed('a volume twice', /stands twice/, (draft) => {
    const [volume] = section(draft.manifest, 'volumes');
    section(draft.manifest, 'volumes').push({ ...volume, files: 0 });
  }),
  ...['../update.tar', '/etc/passwd', '.hidden', 'a\\b', 'a\nb', '', 'x'.repeat(256)].map((name) =>
    resealed(`a volume of the name ${JSON.stringify(name.slice(0, 20))}`, /'name' must/, (draft) => {
      const [volume] = section(draft.manifest, 'volumes');
      draft.volumes.push([]);
      section(draft.manifest, 'volumes').push({ ...volume, files: 0 });
      return {
        manifest: (body) =>
          body.replace(
            /(.*)"name":"update.tar"/s,
            (_, head: string) => `${head}"name":${JSON.stringify(name)}`,
          ),
      };
    }),
  ),
];

volumes.push(
  ...['C:update.tar', 'update.tar.', 'COM1.tar', 'UPDATE~1.TAR', '\u200bx.tar'].map((name) =>
    malformed(
      `a volume of the name ${JSON.stringify(name)}`,
      /has (one of|a name|the name|an invisible)/,
      (draft) => {
        const [volume] = section(draft.manifest, 'volumes');
        draft.volumes.push([]);
        section(draft.manifest, 'volumes').push({ ...volume, name, files: 0 });
      },
    ),
  ),
);

const spoilt: readonly Row[] = [
  ...[0, 1, 511, 512, 1000, -1024, -512, -1].map((length): Row => ({
    what: `an archive cut off ${length < 0 ? `${String(-length)} bytes before its end` : `after ${String(length)} bytes`}`,
    code: 'integrity',
    text: /is cut off/,
    spoil: (directory) => {
      const file = join(directory, 'update.tar');
      truncateSync(file, length < 0 ? readFileSync(file).length + length : length);
    },
  })),
  {
    what: 'an archive with something after its end',
    code: 'integrity',
    text: /is too long/,
    spoil: (directory) => {
      appendFileSync(join(directory, 'update.tar'), Buffer.alloc(512));
    },
  },
  {
    what: 'an altered byte in a file',
    code: 'integrity',
    text: /notes\.json: expected sha256/,
    spoil: (directory) => {
      const file = join(directory, 'update.tar');
      writeFileSync(file, readFileSync(file, 'latin1').replace('{"notes":2}', '{"notes":3}'), 'latin1');
    },
  },
];

hostileTable('A hostile archive with', [...headers, ...extended, ...structure]);
hostileTable('A hostile update with', [...sizes, ...volumes]);
hostileTable('A damaged update with', spoilt);
