import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EMPTY_LEDGER } from '../../importer/copy-ledger.js';
import { type Facts, fitOf } from '../../importer/fit.js';
import { unfit } from '../../importer/refuse.js';
import { diffStates } from '../../shared/diff.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { referenceOf } from '../../shared/reference.js';
import { edge, factsOf, imported, type Known } from '../support/facts.js';
import { type Contents, stateOfContents } from '../support/update.js';

const A: Contents = { 'noarch/repodata.json': 'A', 'noarch/a.conda': 'a' };
const B: Contents = { 'noarch/repodata.json': 'B', 'noarch/a.conda': 'a', 'noarch/b.conda': 'b' };
const C: Contents = { ...B, 'noarch/repodata.json': 'C', 'noarch/c.conda': 'c' };
const OTHER: Contents = { 'noarch/repodata.json': 'x', 'noarch/x.conda': 'x' };
const digestOf = (contents: Contents): string => stateOfContents(contents).digest;

const U1 = edge(1, digestOf({}), digestOf(A));
const U2 = edge(2, digestOf(A), digestOf(B), { created: '2024-02-03T04:05:06Z' });
const U3 = edge(3, digestOf(B), digestOf(C));

/** The third update, from B to C, offered to a copy that has this. */
function third(local: Contents, more: Partial<Facts> = {}, lineage: readonly Known[] = [U1, U2]): Facts {
  const reference = referenceOf(stateOfContents(B), NO_GLOBS);
  return { ...factsOf({ reference, target: C, local, known: U3, lineage }), ...more };
}

interface Said {
  readonly outcome: string;
  readonly message: string;
  readonly details: readonly string[];
  /** All lines of the hint. */
  readonly hint: readonly string[];
}

function said(facts: Facts, since?: Contents): Said {
  const fit = fitOf(facts);
  assert.ok(!fit.applies, fit.outcome);
  const sinceImport = since && diffStates(stateOfContents(since), facts.local);
  const error = unfit(fit, facts, { repository: '/copy', update: '/media/default-3', sinceImport });
  assert.deepEqual([error.code, error.exitCode, error.outcome], ['fit', 12, fit.outcome]);
  const { message, details, hint = '' } = error;
  assert.ok(
    details.some((line) => line.includes(facts.local.digest)),
    'the whole local digest',
  );
  return { outcome: fit.outcome, message, details, hint: hint.split('\n') };
}

const online = (base: string, site = 'default'): string =>
  `conda-diff-export create <repository> --site ${site} --base ${base}`;

/** The last line is the command for the online side. */
function endsWith({ hint }: Said, command: string): void {
  assert.equal(hint.at(-1)?.replace(/^ *(online: )?/, ''), command);
}

describe('a refusal says what is here, what is wrong, and ends with what to type on the online side:', () => {
  it('behind: the updates that are missing, in order, with number, id and date', () => {
    const refusal = said(third(A));
    assert.equal(refusal.outcome, 'behind');
    assert.match(
      refusal.message,
      /^Update 3 of site 'default' does not fit yet: \/copy is in an earlier state/,
    );
    assert.deepEqual(refusal.details.slice(2), [`needs update 2 (${U2.id}) of 2024-02-03T04:05:06Z first`]);
    assert.match(
      refusal.hint[0] ?? '',
      /^Import update 2 first; or make one update that starts from what is/,
    );
    endsWith(refusal, online(digestOf(A)));
  });

  it('behind: that no way is known', () => {
    const refusal = said(third(A, {}, [U1, { ...U2, withdrawn: true }]));
    assert.deepEqual(refusal.details.slice(2), ['no updates are known that lead from here to its base']);
    assert.match(refusal.hint[0] ?? '', /^Make one update that starts from what is here/);
    endsWith(refusal, online(digestOf(A)));
  });

  it('behind: the digest that the exporter knows, where the globs hide it', () => {
    const local = { ...A, 'noarch/x.json': 'x' };
    const digests = [digestOf(local), digestOf(A)];
    endsWith(said(third(local, { digests })), online(digestOf(A)));
  });

  it('superseded: by which, and the ways back', () => {
    const later = edge(4, digestOf(C), digestOf(B));
    const ledger = imported(EMPTY_LEDGER, later, [U1, U2, U3]);
    const refusal = said(third(B, { ledger }));
    assert.equal(refusal.outcome, 'superseded');
    assert.equal(
      refusal.message,
      "Update 3 of site 'default' is older than update 4, which was imported into /copy before",
    );
    assert.deepEqual(refusal.details.slice(2), []);
    const text = refusal.hint.join('\n');
    assert.match(text, /conda-diff-import undo \/copy/);
    assert.match(text, /conda-diff-import apply \/media\/default-3 \/copy --again/);
    endsWith(refusal, online(digestOf(B)));
    const elsewhere = said(third(A, { ledger }));
    assert.deepEqual(elsewhere.details.slice(2), [
      '/copy is not in the state that its last import or undo left',
    ]);
    const again = said(third(A, { ledger, again: true }));
    assert.match(again.details.join('\n'), /from here it cannot lead to its target/);
    assert.doesNotMatch(again.hint.join('\n'), /--again/);
    endsWith(again, online(digestOf(A)));
  });

  it('drifted: the files that matter, each with what is wrong', () => {
    const local = { ...B, 'noarch/a.conda': 'x', 'noarch/d.json': 'd' };
    const refusal = said(third(local));
    assert.equal(refusal.outcome, 'drifted');
    assert.match(refusal.message, /^Update 3 of site 'default' does not fit: \/copy is in another state/);
    const [added, replaced, lacking] = refusal.details.slice(2);
    assert.equal(added, 'noarch/d.json: here, not in the base');
    assert.match(
      replaced ?? '',
      /^noarch\/a\.conda: expected sha256 [0-9a-f]{64}, found sha256 [0-9a-f]{64}$/,
    );
    assert.equal(lacking, 'noarch/a.conda: in the target, neither here nor in the update');
    assert.doesNotMatch(refusal.hint.join('\n'), /--accept-drift/);
    assert.match(refusal.hint.join('\n'), /conda-diff-import reference \/copy -o reference\.json/);
    endsWith(refusal, online('reference.json'));
  });

  it('drifted: that it can be accepted, where that helps', () => {
    const refusal = said(third({ ...B, 'noarch/d.json': 'd' }));
    assert.match(
      refusal.hint.join('\n'),
      /keeping what it overwrites or drops for undo:\n {2}conda-diff-import apply \/media\/default-3 \/copy --accept-drift/,
    );
    endsWith(refusal, online('reference.json'));
  });

  it('drifted: what changed since the last import, where that is less', () => {
    const local = { ...A, 'noarch/d.json': 'd' };
    assert.deepEqual(said(third(local), A).details.slice(2), [
      'noarch/d.json: here, not in the state that the last import left',
      'noarch/b.conda: in the target, neither here nor in the update',
    ]);
  });

  it('drifted: that the base reference did not travel along', () => {
    const refusal = said(third(OTHER, { known: undefined }, []));
    assert.match(refusal.details.join('\n'), /base reference did not travel along/);
    endsWith(refusal, online('reference.json'));
  });

  it('foreign and empty', () => {
    const foreign = said(third(OTHER));
    assert.equal(foreign.outcome, 'foreign');
    assert.match(foreign.message, /is of another repository: it shares no artifact with \/copy$/);
    endsWith(foreign, online('empty'));
    const empty = said(third({}));
    assert.equal(empty.outcome, 'empty');
    assert.equal(
      empty.message,
      "Update 3 of site 'default' needs a copy that has the base; /copy has nothing",
    );
    assert.deepEqual(
      empty.details.slice(2).map((line) => line.slice(0, 14)),
      ['needs update 1', 'needs update 2'],
    );
    endsWith(empty, online('empty'));
  });

  it('another site: both sites, and the command is for the own one', () => {
    const own = edge(1, digestOf({}), digestOf(B), { site: 'b' });
    const ledger = imported(EMPTY_LEDGER, own, []);
    const refusal = said(third(B, { ledger }));
    assert.equal(refusal.outcome, 'other-site');
    assert.equal(
      refusal.message,
      "Update 3 of site 'default' is not for this copy: /copy is the copy of site 'b'",
    );
    assert.match(refusal.hint.join('\n'), /apply \/media\/default-3 \/copy --site default\n/);
    endsWith(refusal, online(digestOf(B), 'b'));
    const early = said(third(A, { ledger }));
    assert.equal(early.outcome, 'other-site', 'that it comes too early does not matter');
    endsWith(early, online(digestOf(A), 'b'));
    const empty = said(third({}, { ledger }));
    assert.equal(empty.outcome, 'empty');
    assert.ok(empty.details.includes("/copy is the copy of site 'b' so far"));
  });
});
