import { type CommonOptions, createShell } from './cli-shell.js';
import { generateKey } from './generate-key.js';

/** `keygen`: makes a key pair. */
export async function runKeygen(name: string, flags: CommonOptions): Promise<void> {
  const pair = await generateKey(name);
  createShell(flags).report({ command: 'keygen', ...pair }, [
    `Key ${pair.id}`,
    `Wrote: ${pair.privateKey} (keep it on this machine, and a copy in a safe)`,
    `Wrote: ${pair.publicKey} (for --trusted-key; carry it over on another way than what it signs)`,
  ]);
}
