import { MAX_NAME_BYTES, nameProblem } from './name-problem.js';

/**
 * Paths of tracked files: `/`-separated, relative to the repository, compared by their UTF-8 bytes.
 */

/** Longest tracked path, in UTF-8 bytes; below Linux's PATH_MAX with room for the repository's own path. */
export const MAX_PATH_BYTES = 2048;

/** Paths that need no closer look: most are, and there are millions. */
const PLAIN = /^[\w+!-](?:[\w+!.-]*[\w+!-])?(?:\/[\w+!-](?:[\w+!.-]*[\w+!-])?)*$/;
const LIKE_A_DEVICE = /(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$)/i;

/**
 * Says why `path` cannot be a tracked path, or `undefined` when it can.
 *
 * Refused are paths that could leave the repository or reach our own state (absolute, `..`, empty or
 * dot-leading segments, drive letters), names that `sha256sum` would escape (backslash, line feed, carriage
 * return) or that no index can mean (other control characters, lone surrogates), and names that are something
 * else, or nothing, on another file system ({@link nameProblem}).
 */
export function pathProblem(path: string): string | undefined {
  if (path.length <= MAX_NAME_BYTES && PLAIN.test(path) && !LIKE_A_DEVICE.test(path)) return undefined;
  if (path === '') return 'is empty';
  if (/[\p{Cc}\\]/u.test(path)) return 'has a backslash or a control character';
  if (/\p{Cs}|\uFFFD/u.test(path)) return 'is not valid UTF-8';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${String(MAX_PATH_BYTES)} bytes`;
  return path.split('/').map(nameProblem).find(Boolean);
}

/** Orders two strings by their UTF-8 bytes, as `LC_ALL=C sort` does (UTF-16 order differs above U+FFFF). */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** The directory part of a `/`-separated path; '' for a name at the top. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The last segment of a `/`-separated path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins a directory ('' = the repository itself) and a name. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/**
 * Resolves a relative URL reference from an index (`base_url` of CEP 15, `shards_base_url` of CEP 16, `url`
 * of a CEP 48 record) against the directory of that index.
 *
 * @returns the path relative to the repository ('' = its top), or `undefined` when the reference is absolute
 *   (has a scheme, a host or a leading slash), leaves the repository, or is not decodable.
 */
export function resolveReference(directory: string, reference: string): string | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:|^[/\\]/.test(reference)) return undefined;
  const bare = reference.replace(/[?#].*$/s, '');
  const decoded = decodeReference(bare);
  if (decoded === undefined) return undefined;
  const segments = directory === '' ? [] : directory.split('/');
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join('/');
}

function decodeReference(reference: string): string | undefined {
  try {
    return decodeURIComponent(reference);
  } catch {
    return undefined;
  }
}
