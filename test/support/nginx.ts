import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { blocksOf } from './transcript.js';

/** Where Debian installs it; sbin need not be on PATH. */
const NGINX = '/usr/sbin/nginx';

/**
 * Serves a copy with the real nginx on loopback, configured as docs/operations.md says.
 *
 * @returns `http://127.0.0.1:<port>`
 */
export async function serveWithNginx(
  copy: string,
  t: Pick<TestContext, 'after'>,
  configuration = documentedServer(),
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'conda-diff-nginx-'));
  const port = await freePort();
  const server = configuration
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('root /srv/conda/copy;', `root ${copy};`);
  mkdirSync(join(folder, 'temp'));
  chmodSync(folder, 0o755);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/temp/${name};`,
  );
  const main = [
    `daemon off; pid ${folder}/pid; error_log stderr crit;`,
    `events {} http { access_log off; ${temporary.join(' ')}`,
    server,
    '}',
  ];
  writeFileSync(join(folder, 'nginx.conf'), main.join('\n'));
  const child = spawn(NGINX, ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  t.after(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child);
  return url;
}

/** The configuration of the runbook. */
function documentedServer(): string {
  const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const block = blocksOf(text).find(({ directives }) => directives.includes('nginx'));
  if (block === undefined) throw new Error('docs/operations.md has no nginx configuration');
  return block.text;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(25);
  }
  throw new Error('nginx does not answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
