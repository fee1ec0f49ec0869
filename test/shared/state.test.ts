import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashFile } from '../../shared/hashing.js';
import { EMPTY_STATE, type Entry, shortDigest, stateOf } from '../../shared/state.js';
import { entries, entryOf, hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses } from '../support/refusal.js';
import { skipWithout } from '../support/run-command.js';

/** Names that two orders or two quotings could tell apart. */
const NAMES = [
  ...['plain', 'with space', ' leading', 'two  spaces', "quo'te", '-dash', '@list', '$HOME', 'a^b'],
  ...[
    'noarch/größe.json',
    'noarch/中文',
    'noarch/\ue000',
    'noarch/\uffee',
    'noarch/\u{10000}',
    'noarch/\u{1f600}',
  ],
  ...[
    'noarch/\ud7ff',
    'noarch-1/a',
    'noarch.x',
    'noarch/a',
    'noarch/a b',
    'noarch/a  b/c',
    'noarch/a!',
    'percent%41',
  ],
];

describe('the state digest', () => {
  it('is that of no bytes for the empty state', () => {
    assert.equal(EMPTY_STATE.digest, hashOf(''));
    assert.deepEqual([EMPTY_STATE.count, EMPTY_STATE.bytes], [0, 0]);
  });

  it('ignores the order of insertion', () => {
    const shuffled = entries.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const [a, b] = [stateOf(list), stateOf(other)];
        assert.equal(a.digest, b.digest);
        assert.deepEqual([...a], [...b]);
      }),
    );
  });

  it('is the sha256 of the sorted lines', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const lines = [...list].map(({ path, sha256 }) => Buffer.from(`${sha256}  ${path}\n`));
        lines.sort((a, b) => Buffer.compare(a.subarray(66), b.subarray(66)));
        // a path ends before its line feed, which sorts below everything that a path may hold
        assert.equal(stateOf(list).digest, hashOf(Buffer.concat(lines)));
      }),
    );
  });

  it('changes with every path and every hash', () => {
    const list = NAMES.map((path) => entryOf(path));
    const digests = [list, list.slice(1), [...list.slice(1), entryOf(NAMES[0]!, 'other')]].map(
      (l) => stateOf(l).digest,
    );
    assert.equal(new Set(digests).size, 3);
  });

  it(
    'is what sha256sum | LC_ALL=C sort -k2 | sha256sum gives on a real tree',
    { skip: skipWithout('sha256sum', 'sort', 'find', 'xargs') },
    async (t) => {
      const root = await temporaryDirectory(t);
      const found: Entry[] = [];
      for (const path of NAMES) {
        const file = join(root, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, `content of ${path}`);
        found.push({ path, ...(await hashFile(file)) });
      }
      const script = `find . -type f -printf '%P\\0' | xargs -0 sha256sum -- | LC_ALL=C sort -k2 | sha256sum`;
      const printed = execFileSync('sh', ['-c', script], { cwd: root, encoding: 'utf8' });
      assert.equal(`${stateOf(found).digest}  -\n`, printed);
    },
  );

  it('spans the batches in which lines are hashed', () => {
    const many = Array.from({ length: 2500 }, (_, i) => entryOf(`d/${String(i).padStart(5, '0')}`));
    const text = many.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
    assert.equal(stateOf(many.reverse()).digest, hashOf(text));
  });

  it('is shortened to 12 digits', () => {
    assert.equal(shortDigest('0123456789abcdef'), '0123456789ab');
  });
});

describe('State', () => {
  it('holds what it was made of, sorted by bytes', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const state = stateOf(list);
        const sorted = [...list].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
        assert.deepEqual([...state], sorted);
        assert.equal(state.count, list.length);
        assert.equal(
          state.bytes,
          list.reduce((sum, { size }) => sum + size, 0),
        );
        sorted.forEach((entry, i) => {
          assert.equal(state.find(entry.path), i);
          assert.deepEqual(state.get(entry.path), entry);
        });
        assert.equal(state.find('not/there'), -1);
        assert.equal(state.get(''), undefined);
      }),
    );
  });

  it('holds sizes up to 2^53 - 1', () => {
    const entry = { path: 'a', size: Number.MAX_SAFE_INTEGER, sha256: hashOf('') };
    assert.deepEqual([...stateOf([entry])], [entry]);
  });

  const good = entryOf('a');
  const cases: readonly [what: string, entries: readonly Entry[], text: RegExp][] = [
    ['a path that leaves the repository', [{ ...good, path: '../a' }], /begins with a dot/],
    ['a path that sha256sum would escape', [{ ...good, path: 'a\nb' }], /control character/],
    ['a negative size', [{ ...good, size: -1 }], /size -1, not a whole number/],
    ['a broken size', [{ ...good, size: 1.5 }], /size 1.5/],
    ['no size', [{ ...good, size: Number.NaN }], /size NaN/],
    ['a size beyond 2^53', [{ ...good, size: 2 ** 53 }], /size 9007199254740992/],
    ['a hash in upper case', [{ ...good, sha256: good.sha256.toUpperCase() }], /not 64 hex digits/],
    ['a short hash', [{ ...good, sha256: good.sha256.slice(1) }], /not 64 hex digits/],
    ['a hash and a line feed', [{ ...good, sha256: `${good.sha256}\n` }], /not 64 hex digits/],
    ['a path twice', [good, entryOf('b'), good], /'a' stands twice/],
  ];
  for (const [what, list, text] of cases) {
    it(`refuses ${what}`, () => {
      refuses(() => stateOf(list), 'malformed', text);
    });
  }
});
