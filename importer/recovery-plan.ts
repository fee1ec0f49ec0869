/** What recovery finds of one action of a journal, by content. */
export interface ActionFinding {
  /** The place is as the action leaves it. */
  readonly isDone: boolean;
  /** It is done, or everything is there to do it. */
  readonly canFinish: boolean;
  /** The place is as it was before. */
  readonly isBefore: boolean;
  /** Whether there was a file before. */
  readonly wasThere: boolean;
  /** Where the content from before is kept, when the place has it no longer. */
  readonly source: string | undefined;
}

/** Which way an interrupted commit is ended. */
export type Judgement =
  | { readonly way: 'finish' | 'take-back' }
  /** Neither is possible: `lost` are the numbers of the actions that prevent it. */
  | { readonly way: 'stuck'; readonly lost: readonly number[] };

/**
 * Finishing wins where it is possible: it needs every pending staged file. Else all that was done is taken back,
 * which needs the kept content of whatever was replaced or removed; what was added is simply removed.
 *
 * @param findings one per action, in order
 */
export function judgeRecovery(findings: readonly ActionFinding[]): Judgement {
  if (findings.every(({ canFinish }) => canFinish)) return { way: 'finish' };
  const lost = [...findings.entries()].filter(([, one]) => !canTakeBack(one)).map(([n]) => n);
  return lost.length === 0 ? { way: 'take-back' } : { way: 'stuck', lost };
}

function canTakeBack({ isBefore, source, isDone, wasThere }: ActionFinding): boolean {
  return isBefore || source !== undefined || (isDone && !wasThere);
}
