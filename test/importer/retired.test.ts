import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommitAction, goneOf, publishOf } from '../../importer/commit-plan.js';
import type { Journal } from '../../importer/journal.js';
import {
  decodeRetired,
  encodeRetired,
  olderThan,
  type Retired,
  retiredAfter,
} from '../../importer/retired.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { encodeLineDocument } from '../../shared/line-document.js';
import { totalsOf } from '../../shared/reference.js';
import { EMPTY_STATE, stateOf } from '../../shared/state.js';
import { entryOf } from '../support/arbitrary.js';
import { rejects } from '../support/refusal.js';
import { originOf } from '../support/update.js';

const [EARLIER, NOW] = ['2024-01-02T03:04:05Z', '2024-02-02T03:04:05Z'];

const waiting = (path: string, attempt = '0'.repeat(16), at = EARLIER): Retired => ({
  ...entryOf(path),
  ...{ attempt, at },
});

const retire = (path: string): CommitAction => goneOf(entryOf(path), 'artifact', { removeNow: false });

function journalOf(kind: Journal['kind'], actions: readonly CommitAction[]): Journal {
  const totals = totalsOf(EMPTY_STATE);
  return {
    ...{ attempt: '1'.repeat(16), kind, globs: NO_GLOBS, keepsUndo: true, directories: [], actions },
    ...originOf(),
    ...{ from: totals, to: totals, at: NOW },
  };
}

const own = (path: string): Retired => waiting(path, '1'.repeat(16), NOW);

describe('retiredAfter', () => {
  it('adds what a commit retired, and nothing that it removed or published', () => {
    const actions = [
      retire('noarch/a.conda'),
      goneOf(entryOf('noarch/b.conda'), 'artifact', { removeNow: true }),
      goneOf(entryOf('noarch/x.html'), 'metadata', { removeNow: false }),
      publishOf({ ...entryOf('noarch/c.conda'), kind: 'artifact' }, undefined),
    ];
    for (const kind of ['import', 'undo'] as const) {
      assert.deepEqual(retiredAfter([], journalOf(kind, actions), EMPTY_STATE), {
        kept: [own('noarch/a.conda')],
        expired: [],
      });
    }
  });

  it('lets an import end the wait of what was retired before, and an undo not', () => {
    const before = [waiting('noarch/a.conda'), waiting('noarch/b.conda')];
    const actions = [retire('noarch/c.conda')];
    assert.deepEqual(retiredAfter(before, journalOf('import', actions), EMPTY_STATE), {
      kept: [own('noarch/c.conda')],
      expired: before,
    });
    assert.deepEqual(retiredAfter(before, journalOf('undo', actions), EMPTY_STATE), {
      kept: [own('noarch/c.conda'), ...before],
      expired: [],
    });
  });

  it('lets wait on what was retired after a limit, also where an import would end its wait', () => {
    const before = [waiting('noarch/a.conda')];
    const { at } = waiting('noarch/a.conda');
    const later = new Date(Date.parse(at) + 1);
    const earlier = new Date(Date.parse(at) - 1);
    const journal = journalOf('import', [retire('noarch/c.conda')]);
    const added = own('noarch/c.conda');
    const ended = { kept: [added], expired: before };
    assert.deepEqual(retiredAfter(before, journal, EMPTY_STATE, later), ended);
    assert.deepEqual(retiredAfter(before, journal, EMPTY_STATE, new Date(at)), ended);
    const waits = { kept: [added, ...before], expired: [] };
    assert.deepEqual(retiredAfter(before, journal, EMPTY_STATE, earlier), waits);
    assert.deepEqual(
      retiredAfter(before, journalOf('undo', [retire('noarch/c.conda')]), EMPTY_STATE, later),
      waits,
    );
  });

  it('forgets what the state tracks again, and never deletes it', () => {
    const before = [waiting('noarch/a.conda'), waiting('noarch/b.conda')];
    const state = stateOf([entryOf('noarch/a.conda', 'another content'), entryOf('noarch/c.conda')]);
    const actions = [retire('noarch/c.conda')];
    assert.deepEqual(retiredAfter(before, journalOf('import', actions), state), {
      kept: [],
      expired: [waiting('noarch/b.conda')],
    });
    assert.deepEqual(retiredAfter(before, journalOf('undo', actions), state), {
      kept: [waiting('noarch/b.conda')],
      expired: [],
    });
  });

  it('begins the wait again for what is retired once more', () => {
    const journal = journalOf('import', [retire('noarch/a.conda')]);
    const expected = { kept: [own('noarch/a.conda')], expired: [] };
    assert.deepEqual(retiredAfter([waiting('noarch/a.conda')], journal, EMPTY_STATE), expected);
  });

  it('gives the same again when the end of a commit is repeated', () => {
    const journal = journalOf('import', [retire('noarch/a.conda')]);
    const { kept } = retiredAfter([waiting('noarch/b.conda')], journal, EMPTY_STATE);
    assert.deepEqual(retiredAfter(kept, journal, EMPTY_STATE), { kept, expired: [] });
  });
});

describe('olderThan', () => {
  it('splits off what waited since the limit or longer', () => {
    const entries = [waiting('a'), own('b'), waiting('c')];
    const split = (limit: string) => olderThan(entries, new Date(limit), EMPTY_STATE);
    assert.deepEqual(split('2024-01-02T03:04:04Z'), { kept: entries, expired: [] });
    assert.deepEqual(split(EARLIER), { kept: [own('b')], expired: [waiting('a'), waiting('c')] });
    assert.deepEqual(split(NOW), { kept: [], expired: entries });
  });

  it('neither keeps nor deletes what the state tracks again', () => {
    const state = stateOf([entryOf('a'), entryOf('b', 'other')]);
    assert.deepEqual(olderThan([waiting('a'), own('b'), waiting('c')], new Date(NOW), state), {
      kept: [],
      expired: [waiting('c')],
    });
  });
});

describe('retired.json', () => {
  const bytes = (entries: readonly Retired[]): Buffer => Buffer.concat([...encodeRetired(entries)]);

  it('is read as it was written, sorted by bytes', async () => {
    const entries = [own('z'), waiting('noarch/a b.conda'), waiting('\u{10000}'), waiting('\ue000')];
    const read = await decodeRetired([bytes(entries)], 'retired.json');
    assert.deepEqual(
      read.map(({ path }) => path),
      ['noarch/a b.conda', 'z', '\ue000', '\u{10000}'],
    );
    assert.deepEqual(new Set(read), new Set(entries));
    assert.deepEqual(await decodeRetired([bytes([])], 'retired.json'), []);
  });

  it('is refused when it is cut off or a byte is another', async () => {
    const good = bytes([waiting('a'), own('b')]);
    for (let at = 0; at < good.length; at++) {
      const flipped = Buffer.from(good);
      flipped[at]! ^= 1;
      for (const damaged of [flipped, good.subarray(0, at)])
        await assert.rejects(decodeRetired([damaged], 'x'), { code: /^(malformed|integrity)$/ }, `${at}`);
    }
  });

  const [line] = [waiting('noarch/a.conda')];
  const altered: readonly [field: string, line: object, text: RegExp][] = [
    ['path', { ...line, path: '' }, /'path' must NOT have fewer/],
    ['path', { ...line, path: '../a.conda' }, /begins with a dot/],
    ['path', { ...line, path: '/etc/passwd' }, /is absolute/],
    ['path', { ...line, path: '.conda-diff/journal.json' }, /begins with a dot/],
    ['size', { ...line, size: -1 }, /'size' must be >= 0/],
    ['sha256', { ...line, sha256: 'x' }, /'sha256' must match pattern/],
    ['attempt', { ...line, attempt: '../..' }, /'attempt' must match pattern/],
    ['at', { ...line, at: 'yesterday' }, /'at' must match pattern/],
    ['an unknown field', { ...line, extra: 1 }, /additional properties: 'extra'/],
  ];
  for (const [field, one, text] of altered) {
    it(`a stored field is a checked field, ${field}: ${text.source}`, async () => {
      const header = { format: 'conda-diff-retired', version: 1, rules: 1 };
      const entries = [one as Readonly<Record<string, unknown>>];
      const document = Buffer.concat([...encodeLineDocument(header, [{ name: 'entries', entries }])]);
      await rejects(decodeRetired([document], 'retired.json'), 'malformed', text);
    });
  }

  it('of another format, version or rules is refused', async () => {
    for (const change of [{ format: 'conda-diff-journal' }, { version: 2 }, { rules: 2 }, { extra: 1 }]) {
      const header = { format: 'conda-diff-retired', version: 1, rules: 1, ...change };
      const document = Buffer.concat([...encodeLineDocument(header, [{ name: 'entries', entries: [] }])]);
      await rejects(decodeRetired([document], 'retired.json'), 'malformed');
    }
  });
});
