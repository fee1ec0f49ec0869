import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/channel.js';
import { command, copyOfBase, makeCrossing, moves, packages, type Tree } from '../support/crossing.js';
import { decodeIndex, isIndex, isShard, sha256Of } from '../support/index-reader.js';
import { serveWithNginx } from '../support/nginx.js';
import { solveWithRattler } from '../support/rattler.js';
import { skipWithout } from '../support/run-command.js';

const skip = skipWithout('nginx');

/** An index as it was fetched, and what it was when it was asked for again. */
interface Cached {
  readonly etag: string;
  readonly bytes: Uint8Array;
}

describe('nginx, configured as the runbook says', { skip }, () => {
  it('serves a copy while updates are applied and undone; a real client solves through it', async (t) => {
    const folder = await temporaryDirectory(t);
    chmodSync(folder, 0o755);
    const options = { zst: true, gz: true, current: true, shards: 'shards', channeldata: true } as const;
    const crossing = await makeCrossing(folder, states(), options);
    const copy = copyOfBase(crossing, join(folder, 'copy'));
    const url = await serveWithNginx(copy, t);
    const client = new CachingClient(url);
    await client.refresh(crossing.trees[0] as Tree);

    await assertSolves(url, 'p14', undefined);
    for (const [n, update] of crossing.updates.entries()) {
      for (const args of [
        [update, copy],
        ['undo', copy],
        [update, copy],
      ]) {
        const isUndo = args[0] === 'undo';
        const [before, after] = [crossing.trees[isUndo ? n + 1 : n], crossing.trees[isUndo ? n : n + 1]];
        const change = command('conda-diff-import', args);
        await client.readUntil(change, before as Tree, after as Tree);
        await client.refresh(after as Tree);
      }
    }
    await assertSolves(url, 'p14', crossing.trees.at(-1));
    t.diagnostic(
      `${client.files} artifacts fetched and right, ${client.unchanged} indexes answered with 304`,
    );
    assert.ok(client.files > 100 && client.unchanged > 5, 'too little was read for this to mean anything');
  });

  it('does not serve .conda-diff, and lets only shards be kept without asking', async (t) => {
    const folder = await temporaryDirectory(t);
    chmodSync(folder, 0o755);
    const crossing = await makeCrossing(folder, states(), { zst: true, shards: 'shards' });
    const copy = copyOfBase(crossing, join(folder, 'copy'));
    await command('conda-diff-import', [crossing.updates[0] ?? '', copy]);
    chmodSync(join(copy, '.conda-diff'), 0o755);
    const url = await serveWithNginx(copy, t);
    for (const path of ['.conda-diff/', '.conda-diff/reference.json', '.conda-diff/last-import.json'])
      assert.equal((await fetch(`${url}/${path}`)).status, 404, path);
    for (const path of crossing.trees[1]?.keys() ?? []) {
      const { status, headers } = await fetch(`${url}/${path}`, { method: 'HEAD' });
      assert.equal(status, 200, path);
      const kept = isShard(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
      assert.equal(headers.get('cache-control'), kept, path);
      assert.ok(headers.get('etag'), path);
    }
  });
});

/** The update adds, removes, and replaces artifacts under the same name. */
function states() {
  const at = (from: number, content: string) => ({
    'linux-64': [...packages(from, from + 10), ...packages(1000, 1003, content)],
    noarch: packages(2000, 2003, content),
  });
  return [at(0, 'first '), at(5, 'second ')];
}

async function assertSolves(url: string, spec: string, tree: Tree | undefined): Promise<void> {
  const solve = solveWithRattler({ channelUrls: [url], platform: 'linux-64', specs: [spec] });
  if (tree === undefined) {
    await assert.rejects(solve, /did not solve/);
    return;
  }
  const [record] = await solve;
  assert.equal(record?.name, spec);
  const bytes = new Uint8Array(await (await fetch(record.url)).arrayBuffer());
  assert.equal(sha256Of(bytes), record.sha256);
  assert.equal(tree.get(new URL(record.url).pathname.slice(1)), record.sha256);
}

/** Keeps indexes and asks with their ETag, as clients and proxies do. */
class CachingClient {
  files = 0;
  unchanged = 0;
  readonly #url: string;
  readonly #cache = new Map<string, Cached>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Asks for every index; each is then what the state has, whether it was sent again or not. */
  async refresh(tree: Tree): Promise<void> {
    for (const path of tree.keys()) {
      if (isIndex(path)) assert.equal(sha256Of(await this.#index(path)), tree.get(path), path);
    }
  }

  /** Takes indexes and fetches what they name, again and again, until the change is over. */
  async readUntil(change: Promise<unknown>, before: Tree, after: Tree): Promise<void> {
    const progress = { isOver: false };
    const ended = change.finally(() => (progress.isOver = true));
    const indexes = [...before.keys()].filter((path) => isIndex(path) && path.includes('repodata.json'));
    while (!progress.isOver) for (const path of indexes) await this.#use(path, before, after);
    await ended;
  }

  async #use(index: string, before: Tree, after: Tree): Promise<void> {
    const names = decodeIndex(index, await this.#index(index));
    for (const { path, sha256 } of names.slice(Math.floor(Math.random() * names.length)).slice(0, 3)) {
      const response = await fetch(`${this.#url}/${path}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      assert.equal(response.status, 200, `${path}, which ${index} names`);
      const isRight = sha256Of(bytes) === sha256;
      assert.ok(isRight || moves(path, before, after), `${path} is not what ${index} says`);
      this.files += Number(isRight);
    }
  }

  async #index(path: string): Promise<Uint8Array> {
    const known = this.#cache.get(path);
    const headers: Record<string, string> = known === undefined ? {} : { 'if-none-match': known.etag };
    const response = await fetch(`${this.#url}/${path}`, { headers });
    if (response.status === 304 && known !== undefined) {
      this.unchanged++;
      await response.arrayBuffer();
      return known.bytes;
    }
    assert.equal(response.status, 200, `${dirname(path)}: ${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.#cache.set(path, { etag: response.headers.get('etag') ?? '', bytes });
    return bytes;
  }
}
