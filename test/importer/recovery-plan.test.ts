import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ActionFinding, judgeRecovery } from '../../importer/recovery-plan.js';

const FINDING: ActionFinding = {
  isDone: false,
  canFinish: false,
  isBefore: false,
  wasThere: false,
  source: undefined,
};
const found = (changes: Partial<ActionFinding>): ActionFinding => ({ ...FINDING, ...changes });

const done = found({ isDone: true, canFinish: true });
const staged = found({ isBefore: true, canFinish: true });
const stageLost = found({ isBefore: true });

describe('judgeRecovery', () => {
  it('finishes where every action is done or can be done', () => {
    for (const findings of [[], [done], [staged], [done, staged], [staged, done, done]])
      assert.deepEqual(judgeRecovery(findings), { way: 'finish' });
  });

  const ways: readonly [what: string, finding: ActionFinding, canTakeBack: boolean][] = [
    ['is as it was', stageLost, true],
    ['was added and is there', found({ isDone: true, canFinish: true }), true],
    [
      'was replaced, and the old one is kept',
      found({ isDone: true, wasThere: true, source: 'undo/1' }),
      true,
    ],
    ['was replaced, and the old one is not kept', found({ isDone: true, wasThere: true }), false],
    [
      'was removed, and is kept',
      found({ isDone: true, canFinish: true, wasThere: true, source: 'trash/1' }),
      true,
    ],
    ['was removed, and is not kept', found({ isDone: true, canFinish: true, wasThere: true }), false],
    ['is something else, and the old one is kept', found({ wasThere: true, source: 'undo/1' }), true],
    ['is something else, and the old one is lost', found({ wasThere: true }), false],
    ['is something else where nothing was', found({}), false],
  ];
  for (const [what, finding, canTakeBack] of ways) {
    it(`with a staged file lost, ${canTakeBack ? 'takes back' : 'gives up'} what ${what}`, () => {
      const expected = canTakeBack ? { way: 'take-back' } : { way: 'stuck', lost: [1] };
      assert.deepEqual(judgeRecovery([stageLost, finding, stageLost]), expected);
    });
  }

  it('names every action that prevents it', () => {
    const lost = found({ wasThere: true });
    assert.deepEqual(judgeRecovery([lost, stageLost, found({}), done, lost]), {
      way: 'stuck',
      lost: [0, 2, 4],
    });
  });

  const finding = fc.record({
    ...{ isDone: fc.boolean(), canFinish: fc.boolean(), isBefore: fc.boolean(), wasThere: fc.boolean() },
    source: fc.constantFrom(undefined, 'undo/1'),
  });

  it('never takes back what can be finished, and never does either with content lost', () => {
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 5 }), (findings) => {
        const judgement = judgeRecovery(findings);
        assert.equal(
          judgement.way === 'finish',
          findings.every(({ canFinish }) => canFinish),
        );
        const isLost = (one: ActionFinding): boolean =>
          !one.isBefore && one.source === undefined && (one.wasThere || !one.isDone);
        const lost = [...findings.keys()].filter((n) => isLost(findings[n]!));
        if (judgement.way === 'take-back') assert.deepEqual(lost, []);
        if (judgement.way === 'stuck') assert.deepEqual(judgement.lost, lost);
      }),
    );
  });
});
