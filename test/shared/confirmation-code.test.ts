import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { confirmationCode, readCode } from '../../shared/confirmation-code.js';
import { hashOf } from '../support/arbitrary.js';

const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const CODES = Array.from({ length: 400 }, (_, i) => confirmationCode(hashOf(`u${i}`), hashOf(`d${i}`)));

/** Its symbols without the dashes. */
const symbolsOf = (code: string): string[] => Array.from(code.replaceAll('-', ''));

describe('confirmationCode', () => {
  it('is three groups of four symbols, none of which looks like another', () => {
    for (const code of CODES) assert.match(code, /^[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}$/);
    assert.equal(new Set(CODES).size, CODES.length);
    assert.equal(new Set(CODES.flatMap(symbolsOf)).size, 31, 'every symbol is in use');
  });

  it('depends on update and digest, and on which is which', () => {
    const [a, b, c] = [hashOf('a'), hashOf('b'), hashOf('c')];
    const codes = [
      confirmationCode(a, b),
      confirmationCode(b, a),
      confirmationCode(c, b),
      confirmationCode(a, c),
    ];
    assert.equal(new Set(codes).size, 4);
    assert.equal(confirmationCode(a, b), codes[0]);
  });

  it('can be made with sha256sum, as formats.md says', () => {
    const script = `
      symbols=23456789ABCDEFGHJKMNPQRSTUVWXYZ; sum=0; weighted=0; n=1
      for byte in $(printf '%s\\n' "$1" "$2" | sha256sum | cut -c1-20 | sed 's/../ 0x&/g'); do
        s=$((byte % 31)); printf %s "\${symbols:s:1}"; sum=$((sum + s)); weighted=$((weighted + n * s)); n=$((n + 1))
      done
      for s in $((weighted - 12 * sum)) $((11 * sum - weighted)); do printf %s "\${symbols:(s % 31 + 31) % 31:1}"; done`;
    for (const i of [0, 1, 2]) {
      const made = execFileSync('bash', ['-c', script, 'bash', hashOf(`u${i}`), hashOf(`d${i}`)], {
        encoding: 'utf8',
      });
      assert.equal(made, symbolsOf(CODES[i] ?? '').join(''));
    }
  });
});

describe('readCode', () => {
  it('reads what was written, whatever the case, spaces and dashes', () => {
    for (const code of CODES) {
      assert.equal(readCode(code), code);
      const [a, b, c] = code.toLowerCase().split('-');
      for (const typed of [
        `${a}${b}${c}`,
        ` ${a} ${b}\t${c}\n`,
        `${a}–${b} — ${c}`,
        Array.from(code).join(' '),
      ])
        assert.equal(readCode(typed), code, typed);
    }
  });

  it('15. notices every single wrong symbol', () => {
    for (const code of CODES) {
      const symbols = symbolsOf(code);
      for (const [at, right] of symbols.entries()) {
        for (const other of ALPHABET) {
          if (other === right) continue;
          const wrong = symbols.with(at, other).join('');
          assert.equal(readCode(wrong), undefined, `${code} and ${wrong}`);
        }
      }
    }
  });

  it('15. notices every two symbols that changed places, neighbours or not', () => {
    let swaps = 0;
    for (const code of CODES) {
      const symbols = symbolsOf(code);
      for (const [i, one] of symbols.entries()) {
        for (const [k, other] of symbols.entries()) {
          if (k <= i || one === other) continue;
          swaps++;
          const wrong = symbols.with(i, other).with(k, one).join('');
          assert.equal(readCode(wrong), undefined, `${code} and ${wrong}`);
        }
      }
    }
    assert.ok(swaps > 20_000, `${swaps} swaps`);
  });

  it('notices every two wrong symbols', () => {
    for (const code of CODES.slice(0, 3)) {
      const symbols = symbolsOf(code);
      for (let i = 0; i < symbols.length; i++) {
        for (let k = i + 1; k < symbols.length; k++) {
          for (const a of ALPHABET) {
            for (const b of ALPHABET) {
              if (a === symbols[i] || b === symbols[k]) continue;
              assert.equal(readCode(symbols.with(i, a).with(k, b).join('')), undefined);
            }
          }
        }
      }
    }
  });

  it('refuses what is too short, too long, or has a symbol that no code has', () => {
    const [code = ''] = CODES;
    for (const wrong of ['', '-', code.slice(0, -1), `${code}2`, `${code}-${code}`]) {
      assert.equal(readCode(wrong), undefined, wrong);
    }
    for (const symbol of '01ILO_.é') {
      for (let at = 0; at < 12; at++)
        assert.equal(readCode(symbolsOf(code).with(at, symbol).join('')), undefined, symbol);
    }
  });
});
