import { CondaDiffError } from '../shared/errors.js';
import type { Receipt } from '../shared/receipt.js';
import { shortDigest } from '../shared/state.js';
import type { FirstBase, InitOptions } from './init.js';
import { shellWord } from '../shared/shell-word.js';

/**
 * Makes sure that a manifest and a receipt speak of the site that begins with them.
 *
 * @throws CondaDiffError usage
 */
export function checkHistory(
  { repository, site, isNamed, from = '' }: InitOptions,
  { reference, update }: FirstBase,
  receipt: Receipt | undefined,
): void {
  const theirs = update?.manifest.site ?? site;
  if (theirs !== site && !isNamed) {
    throw new CondaDiffError('usage', `The manifest ${from} is of the site '${theirs}'`, {
      hint: [
        'To take over that site and its history:',
        `  conda-diff-export init ${shellWord(repository)} --from ${shellWord(from)} --site ${theirs}`,
        `To begin another site that has the same state, name it: --site ${site}`,
      ].join('\n'),
    });
  }
  if (receipt === undefined) return;
  if (receipt.update.site !== site) {
    throw new CondaDiffError(
      'usage',
      `The receipt is of the site '${receipt.update.site}', not of '${site}'`,
      {
        hint: `Name the site that it is of: --site ${receipt.update.site}`,
      },
    );
  }
  if (receipt.state.digest === reference.state.digest) return;
  throw new CondaDiffError('usage', `The receipt is of another state than ${from}`, {
    details: [
      `the receipt: ${shortDigest(receipt.state.digest)}, at ${receipt.at}`,
      `${from}: ${shortDigest(reference.state.digest)}`,
    ],
    hint: 'Have reference and receipt of the copy carried over together',
  });
}
