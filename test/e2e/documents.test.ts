import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { DocumentShell } from '../support/document-shell.js';
import { blocksOf } from '../support/transcript.js';

for (const document of ['README.md']) {
  describe(`${document}: every block does what the text says`, () => {
    let shell: DocumentShell;
    before(async () => (shell = await DocumentShell.start()));
    after(() => shell.close());
    const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
    for (const block of blocksOf(text)) {
      it(`line ${block.line}: ${block.heading}`, () => shell.run(block));
    }
  });
}
