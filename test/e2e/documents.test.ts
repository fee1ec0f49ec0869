import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { DocumentShell } from '../support/document-shell.js';
import { ALWAYS_STARTS, skipWithout } from '../support/run-command.js';
import { blocksOf } from '../support/transcript.js';

const skip = skipWithout('nginx', 'openssl', 'strace', 'systemd-analyze', 'tar', 'unshare');

for (const [document, startsProcesses] of [
  ['README.md', ALWAYS_STARTS],
  ['docs/operations.md', false],
] as const) {
  describe(`${document}: every block does what the text says`, { skip }, () => {
    let shell: DocumentShell;
    before(async () => (shell = await DocumentShell.start(startsProcesses)));
    after(() => shell.close());
    const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
    for (const block of blocksOf(text)) {
      it(`line ${block.line}: ${block.heading}`, () => shell.run(block));
    }
  });
}
