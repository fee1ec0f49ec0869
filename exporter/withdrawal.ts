import { CondaDiffError } from '../shared/errors.js';
import type { Place } from './find-state.js';
import { siteFlag } from './sites.js';
import { laterOnes } from './site-updates.js';
import type { KnownUpdate, SiteView } from './site-view.js';
import { shellWord } from '../shared/shell-word.js';

/**
 * The update that a number or the beginning of an id names.
 *
 * @throws CondaDiffError usage, when there is none or several
 */
export function findUpdate(text: string, { updates }: SiteView, { repository, site }: Place): KnownUpdate {
  const isNumber = /^[0-9]{1,6}$/.test(text);
  const isId = /^[0-9a-f]{7,64}$/i.test(text);
  const found = updates.filter(({ sequence, id }) =>
    isNumber ? sequence === Number(text) : isId && id.startsWith(text.toLowerCase()),
  );
  const [update, ...more] = found;
  if (update !== undefined && more.length === 0) return update;
  const details = (more.length > 0 ? found : updates).map(
    ({ sequence, id, created }) => `update ${String(sequence)} of ${created}: ${id}`,
  );
  const message =
    more.length > 0
      ? `Several updates have an id that begins with ${text}`
      : `Site '${site}' of ${repository} has no update ${text}`;
  throw new CondaDiffError('usage', message, {
    details,
    hint: 'Give the number of an update, or at least 7 digits of its id',
  });
}

/**
 * The updates to withdraw, the last first: the one that is named, and on demand those that build on it.
 *
 * @throws CondaDiffError usage, when one of them arrived, or when later ones build on it and are not to go as well
 */
export function updatesToWithdraw(
  view: SiteView,
  update: KnownUpdate,
  withLater: boolean,
  { repository, site }: Place,
): KnownUpdate[] {
  const later = laterOnes(view, update);
  const all = [...[...later].reverse(), update];
  const arrived = all.find(({ confirmed }) => confirmed === 'import');
  if (arrived !== undefined) {
    throw new CondaDiffError(
      'usage',
      `Update ${String(arrived.sequence)} arrived: site '${site}' confirmed it`,
      {
        hint: [
          'To take it back there: conda-diff-import undo <repository>, then confirm the receipt of that here:',
          `  conda-diff-export confirm ${shellWord(repository)} <receipt.json or code>${siteFlag(site)}`,
        ].join('\n'),
      },
    );
  }
  if (later.length === 0 || withLater) return all;
  throw new CondaDiffError('usage', `Later updates build on update ${String(update.sequence)}`, {
    details: later.map(({ sequence, created }) => `update ${String(sequence)} of ${created}`),
    hint: [
      'None of them can be imported without it. To withdraw them, too:',
      `  conda-diff-export withdraw ${shellWord(repository)} ${String(update.sequence)}${siteFlag(site)} --with-later`,
    ].join('\n'),
  });
}
