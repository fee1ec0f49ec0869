import { CondaDiffError } from '../shared/errors.js';
import { shortDigest } from '../shared/state.js';
import type { Judgement } from './confirmation.js';
import type { Place } from './find-state.js';
import { siteFlag } from './sites.js';
import type { SiteView } from './site-view.js';
import { shellWord } from '../shared/shell-word.js';

/** The error for a receipt or code that confirms nothing. */
export function unconfirmed(
  judgement: Exclude<Judgement, { outcome: 'confirmed' | 'already-confirmed' }>,
  what: string,
  own: SiteView,
  { repository, site }: Place,
): CondaDiffError {
  const refusal = (message: string, details: readonly string[], hint: readonly string[]): CondaDiffError =>
    new CondaDiffError('fit', message, { details, hint: hint.join('\n'), outcome: judgement.outcome });
  switch (judgement.outcome) {
    case 'old':
      return refusal(
        `${what} is an old one`,
        [lastConfirmed(own, site)],
        [
          'Ask the other side for the last one, or have its code read out:',
          '  there: conda-diff-import receipt <repository>',
          `  here:  conda-diff-export confirm ${shellWord(repository)} <receipt.json or code>${siteFlag(site)}`,
        ],
      );
    case 'foreign':
      if (judgement.site !== undefined) {
        return refusal(
          `${what} is of the site '${judgement.site}', not of '${site}'`,
          [],
          [
            `conda-diff-export confirm ${shellWord(repository)} <receipt.json or code>${siteFlag(judgement.site)}`,
          ],
        );
      }
      return refusal(
        'sequence' in judgement
          ? `${what} is of update ${String(judgement.sequence)}, and this ledger knows none after ${String(judgement.last)}`
          : `${what} is of no update that ${repository} made for the site '${site}'`,
        [],
        [
          'It is of another repository, or of an update that this ledger does not know. If the ledger was lost, or is an older',
          'one from a backup, move the state directory away and begin with the last manifest:',
          `  conda-diff-export init ${shellWord(repository)} --from <last manifest>${siteFlag(site)}`,
        ],
      );
    case 'unknown-state': {
      const { update, digest } = judgement;
      return refusal(
        `${what} is of a state that was never seen here`,
        [
          `the site has ${shortDigest(digest)} (${digest})`,
          `update ${String(update.sequence)} leads from ${shortDigest(update.base)} to ${shortDigest(update.target)}`,
        ],
        [
          'Have a reference of the copy carried over, and start from that:',
          '  there: conda-diff-import reference <repository> -o reference.json',
          `  here:  conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base reference.json`,
        ],
      );
    }
  }
}

function lastConfirmed({ confirmed, receipts }: SiteView, site: string): string {
  if (confirmed === undefined) return `site '${site}' has confirmed nothing yet`;
  const { state, event } = confirmed;
  const by =
    receipts === undefined
      ? ''
      : `, the last receipt was number ${String(receipts.counter)} of ${receipts.written}`;
  return `site '${site}' confirmed state ${shortDigest(state.digest)} on ${event.at}${by}`;
}

/** A code whose check symbols do not fit, or that is none. */
export function mistyped(text: string): CondaDiffError {
  return new CondaDiffError('usage', `'${text}' is no confirmation code: it is mistyped`, {
    hint: 'Have it read out again; it has three groups of four, without 0, 1, I, L and O. A receipt is named by its path',
    outcome: 'mistyped',
  });
}
