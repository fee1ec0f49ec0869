import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { confirmedState, stateOfDigest, stateOfSequence } from '../../exporter/find-state.js';
import { viewSite } from '../../exporter/ledger.js';
import { shortDigest } from '../../shared/state.js';
import { hashOf } from '../support/arbitrary.js';
import { AT, base, confirmed, inherited, outcome, published, step } from '../support/ledger-events.js';
import { refuses } from '../support/refusal.js';

const [one, two] = [step(1, '', 'a'), step(2, 'a', 'b')];
const events = [base(''), ...published(one, { ignore: ['x'] }), ...published(two, { baseIgnore: ['y'] })];
const own = viewSite(events, 'default');
const lab = viewSite([base('c', { site: 'lab', scope: 'artifacts' })], 'lab');
const place = { repository: '/m', site: 'lab' };
const a = hashOf('a');

describe('stateOfDigest', () => {
  const find = (begin: string, kept: readonly string[] = []) => stateOfDigest(begin, own, [lab], kept, place);

  it('finds a state by its digest or the beginning of it', () => {
    for (const begin of [a, shortDigest(a), a.slice(0, 7)]) assert.equal(find(begin).digest, a);
    assert.equal(find(hashOf('')).digest, hashOf(''));
  });

  it('finds states of other sites and those that are only kept; what the site knows is preferred', () => {
    assert.equal(find(hashOf('c')).known?.scope, 'artifacts');
    assert.deepEqual(find(hashOf('k'), [hashOf('k')]), {
      digest: hashOf('k'),
      known: undefined,
      sequence: 0,
    });
    assert.deepEqual(find(hashOf('b'), [hashOf('b')]).known, {
      scope: 'all',
      globs: { ignore: [], include: [] },
    });
    const theirs = viewSite([base('b', { site: 'x', scope: 'tar.bz2' })], 'x');
    assert.equal(stateOfDigest(hashOf('b'), own, [theirs], [], place).known?.scope, 'all');
  });

  it('lists the states that one beginning names', () => {
    const other = `${a.slice(0, 8)}${'0'.repeat(56)}`;
    const text = new RegExp(
      `begins with ${a.slice(0, 8)}\\n(?=[^]*${a})(?=[^]*${other})[^]*Give more digits`,
    );
    refuses(() => find(a.slice(0, 8), [other]), 'usage', text);
    assert.equal(find(a.slice(0, 20), [other]).digest, a);
  });

  it('says the way out for one that is not known', () => {
    refuses(
      () => find('0123456'),
      'usage',
      /digest 0123456 is known here\n[^]*log \/m --site lab[^]*create \/m --site lab --base reference\.json[^]*\.\/0123456/,
    );
  });
});

describe('stateOfSequence', () => {
  it('is the state after that update, also of a withdrawn or inherited one', () => {
    assert.equal(stateOfSequence(1, own, place).digest, a);
    const withdrawn = viewSite([...events, outcome('withdrawn', two)], 'default');
    assert.equal(stateOfSequence(2, withdrawn, place).digest, hashOf('b'));
    const heir = viewSite([inherited(one), base('a', { sequence: 1 })], 'default');
    assert.equal(stateOfSequence(1, heir, place).digest, a);
  });

  it('lists the updates when there is no such one', () => {
    refuses(
      () => stateOfSequence(3, own, place),
      'usage',
      /has no update 3\nit has 1, 2\n.*log \/m --site lab/,
    );
    refuses(() => stateOfSequence(0, lab, place), 'usage', /has no update 0\nit has none\n/);
  });
});

describe('confirmedState', () => {
  it('is the one that the site confirmed last', () => {
    const view = viewSite([...events, confirmed(two), confirmed(two, 'a')], 'default');
    assert.equal(confirmedState(view, place).digest, a);
  });

  it('lists the states that the site may have when it confirmed none, newest first', () => {
    const [short, shortB] = [shortDigest(a), shortDigest(hashOf('b'))];
    const lines = [
      `${shortB}: the state after update 2 of ${AT}`,
      `${short}: the state after update 1 of ${AT}`,
      `${shortDigest(hashOf(''))}: the first base`,
    ];
    const { details } = refuses(
      () => confirmedState(own, place),
      'usage',
      /Site 'lab' of \/m has not confirmed what it has\n[^]*confirm \/m <receipt\.json or code> --site lab/,
    );
    assert.deepEqual(details, lines);
    const withdrawn = viewSite([...events, outcome('withdrawn', two)], 'default');
    assert.deepEqual(refuses(() => confirmedState(withdrawn, place), 'usage').details, lines.slice(1));
  });
});
