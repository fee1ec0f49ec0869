import { fileURLToPath } from 'node:url';
import { runScript } from './run-command.js';

/** A record of the solution, as rattler read it from the channel's index. */
export interface SolvedRecord {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly subdir: string;
  readonly fileName: string;
  /** Where the client would fetch the artifact. */
  readonly url: string;
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
  readonly depends: readonly string[];
}

export interface SolveRequest {
  /** HTTP only: rattler's wasm build cannot read files. */
  readonly channelUrls: readonly string[];
  /** `noarch` is always added. */
  readonly platform: string;
  readonly specs: readonly string[];
  readonly timeoutMs?: number;
}

/**
 * Solves the specs as a real conda client does, and returns the solution sorted by name. Rejects, with what rattler
 * said, if there is none or an index cannot be read. It runs in a child process because a damaged `.zst` makes the
 * wasm module panic.
 */
export async function solveWithRattler(request: SolveRequest): Promise<SolvedRecord[]> {
  const { channelUrls: channels, platform, specs, timeoutMs = 30_000 } = request;
  const child = fileURLToPath(new URL('rattler-child.js', import.meta.url));
  const platforms = [...new Set([platform, 'noarch'])];
  const result = await runScript(child, [JSON.stringify({ channels, platforms, specs })], { timeoutMs });
  if (result.code !== 0) throw new Error(`rattler did not solve ${specs.join(', ')}: ${result.stderr}`);
  return result.json<SolvedRecord[]>().sort((a, b) => (a.name < b.name ? -1 : 1));
}
