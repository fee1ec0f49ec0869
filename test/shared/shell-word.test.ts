import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { shellWord } from '../../shared/shell-word.js';

const printed = (text: string): string =>
  execFileSync('sh', ['-euc', `printf '%s\\n' ${shellWord(text)}`], { encoding: 'utf8' });

describe('shellWord', () => {
  it('is a word that a shell takes for what it was', () => {
    for (const text of [
      '',
      ' ',
      "the mirror's",
      '$HOME',
      '`id`',
      'a\nb',
      '*',
      '~',
      '#x',
      '!!',
      '"',
      '\\',
      'a;b',
    ])
      assert.equal(printed(text), `${text}\n`);
  });

  it('leaves usual paths as they are, in any script', () => {
    for (const text of [
      '/srv/conda-forge',
      'outbox/default-1',
      'update.tar',
      'a+b_@1:2',
      'Spiegel-größer/鏡',
    ])
      assert.equal(shellWord(text), text);
  });

  it('quotes what stands out: an assignment, and what begins like an option', () => {
    assert.equal(shellWord('a=b'), "'a=b'");
    assert.equal(shellWord('-x'), "'-x'");
  });
});
