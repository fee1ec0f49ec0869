const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a JSON string that a `JsonScanner` found valid: `bytes[start .. end)` lies between its quotes, `plain` says
 * that it is ASCII without escapes. Undefined if it is not UTF-8.
 */
export function decodeText(bytes: Buffer, start: number, end: number, plain: boolean): string | undefined {
  if (plain) return bytes.toString('latin1', start, end);
  const quoted = bytes.subarray(start - 1, end + 1);
  try {
    return JSON.parse(utf8.decode(quoted)) as string;
  } catch {
    return undefined;
  }
}
