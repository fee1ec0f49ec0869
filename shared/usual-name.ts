import { MAX_NAME_BYTES } from './name-problem.js';

const DOT = 0x2e;

/** 1 for the bytes that names of artifacts and subdirs are made of. */
const USUAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 && /[A-Za-z0-9._+!=-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
/** Letters that names of devices on Windows begin with. */
const DEVICE_LETTERS = Buffer.from('acnlpACNLP');
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;
const EXTENSIONS = ['.conda', '.tar.bz2'].map((extension) => Buffer.from(extension));
/** Names with this in them are never tracked, whatever they end with. */
const JUNK = Buffer.from('.manifest.json');

/**
 * Whether a segment of a path, as bytes, is surely one that a state can hold: like nearly all. Of any other
 * `pathProblem` decides.
 */
export function isUsualSegment(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > MAX_NAME_BYTES || bytes[start] === DOT || bytes[end - 1] === DOT)
    return false;
  let all = 1;
  let stem = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    all &= USUAL[byte]!;
    if (byte === DOT && stem === start) stem = at;
  }
  if (stem === start) stem = end;
  return all === 1 && !isDevice(bytes, start, stem);
}

function isDevice(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if ((length !== 3 && length !== 4) || !DEVICE_LETTERS.includes(bytes[start]!)) return false;
  return DEVICE.test(String.fromCharCode(...bytes.subarray(start, end)));
}

/**
 * Whether a name, as bytes, is surely that of an artifact which a state can hold and no rule leaves out, provided that
 * {@link hasUnusualJunk} finds nothing in it. Of any other `pathProblem` and the rules decide.
 */
export function isUsualName(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    EXTENSIONS.some((extension) => endsWith(bytes, start, end, extension)) &&
    isUsualSegment(bytes, start, end)
  );
}

/** Whether a piece of bytes ends with a text. */
export function endsWith(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  const from = end - text.length;
  if (from < start) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}

/** Whether any of many names that lie side by side has in it what makes junk even of an artifact's. */
export function hasUnusualJunk(bytes: Buffer, end: number): boolean {
  const found = bytes.indexOf(JUNK);
  return found >= 0 && found < end;
}
