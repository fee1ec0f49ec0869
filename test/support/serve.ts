import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface ServedRequest {
  readonly method: string;
  /** Path of the request as it was sent, e.g. `/noarch/repodata.json.zst`. */
  readonly path: string;
  readonly status: number;
}

export interface Served {
  /** `http://127.0.0.1:<port>`, without a final slash. */
  readonly url: string;
  /** Everything asked for so far, in the order of the answers. */
  readonly requests: readonly ServedRequest[];
  close(): Promise<void>;
}

/**
 * Serves a folder as a static web server does: GET and HEAD on loopback, ETag from mtime and size, 404 for the rest.
 * Dot-files, dot-directories and whatever lies outside the folder are not found. End it with `close()`.
 */
export async function serve(root: string): Promise<Served> {
  const realRoot = await realpath(root);
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '' } = request;
    const head = (status: number, headers: OutgoingHttpHeaders = {}) => {
      requests.push({ method, path, status });
      return response.writeHead(status, headers);
    };
    answer(realRoot, request, head).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}

async function answer(
  root: string,
  { method, url, headers: asked }: IncomingMessage,
  head: (status: number, headers?: OutgoingHttpHeaders) => ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') {
    head(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const file = await find(root, url ?? '');
  if (!file) {
    head(404).end();
    return;
  }
  const headers = {
    etag: `"${Math.floor(file.mtimeMs / 1000).toString(16)}-${file.size.toString(16)}"`,
    'last-modified': new Date(file.mtimeMs).toUTCString(),
  };
  if (asked['if-none-match'] === headers.etag) {
    head(304, headers).end();
    return;
  }
  const contentType = file.path.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  const response = head(200, { ...headers, 'content-length': file.size, 'content-type': contentType });
  if (method === 'HEAD') response.end();
  else await pipeline(createReadStream(file.path), response);
}

interface Found {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** The regular file that a request names, if it lies below the root and no part of its path begins with a dot. */
async function find(root: string, url: string): Promise<Found | undefined> {
  try {
    const names = decodeURIComponent(url.replace(/[?#].*$/s, ''))
      .split('/')
      .slice(1);
    if (names.some((name) => name === '' || name.startsWith('.') || /[\\\0]/.test(name))) return undefined;
    const path = await realpath(join(root, ...names));
    if (
      relative(root, path)
        .split(sep)
        .some((name) => name.startsWith('.'))
    )
      return undefined;
    const entry = await stat(path);
    return entry.isFile() ? { path, size: entry.size, mtimeMs: entry.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}
