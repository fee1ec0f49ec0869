import { gzipSync } from 'node:zlib';

/**
 * A zip of stored members (APPNOTE.TXT 4.3), as a `.conda` is one. The same members give the same bytes.
 *
 * @param files at most 65,535, of 4 GiB together
 */
export function zip(files: readonly (readonly [path: string, content: Uint8Array])[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of files) {
    const name = Buffer.from(path);
    const fields = zipFields(name, content);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), fields, name, Buffer.from(content));
    const tail = Buffer.alloc(14); // no comment, disk 0, no attributes, then where the member begins
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, name);
    offset += 30 + name.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** The 26 bytes that a zip member's local header and its directory entry share. */
function zipFields(name: Buffer, content: Uint8Array): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(((2024 - 1980) << 9) | (1 << 5) | 2, 8); // 2024-01-02 00:00
  const gzip = gzipSync(content);
  gzip.copy(fields, 10, gzip.length - 8, gzip.length - 4); // gzip ends with the same CRC-32
  fields.writeUInt32LE(content.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}
