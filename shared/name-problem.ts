/** Longest single name, in UTF-8 bytes (POSIX NAME_MAX on the file systems in use). */
export const MAX_NAME_BYTES = 255;

/** Names of devices on Windows, whatever extension follows (Microsoft: Naming Files, Paths, and Namespaces). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;
/** What Windows, FAT and exFAT allow in no name; a colon also leads to a drive or to another stream of a file. */
const FORBIDDEN = /[<>:"|?*]/;
/** The second, short name that NTFS and FAT give a file; `CONDA-~1` can be that of `.conda-diff`. */
const SHORT_NAME = /^[^.]{1,7}~[0-9]+(?:\.[^.]{0,3})?$/;
/**
 * Characters that are not seen, or reverse what is seen after them. HFS+ and case-folding ext4 leave some of them
 * out when they compare, so that a name that begins with one can be that of a dot-file.
 */
const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Says why one segment of a path cannot be the name of a tracked file or directory, or `undefined` when it can:
 * it has to be possible, and to mean the same, on every file system that a copy may lie on.
 */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'has an empty segment';
  if (name.startsWith('.')) return 'has a segment that begins with a dot';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    return `has a name longer than ${String(MAX_NAME_BYTES)} bytes`;
  if (INVISIBLE.test(name)) return 'has an invisible character';
  if (FORBIDDEN.test(name)) return 'has one of the characters < > : " | ? *';
  if (/[. ]$/.test(name)) return 'has a name that ends in a dot or a space';
  if (DEVICE.test(name)) return 'has the name of a device on Windows';
  return SHORT_NAME.test(name) ? 'has a name like the short names of Windows' : undefined;
}
