import { CondaDiffError } from '../shared/errors.js';
import { formatCount } from '../shared/figures.js';
import type { Manifest } from '../shared/manifest.js';
import { type State, shortDigest } from '../shared/state.js';
import type { Fit } from './fit.js';

/**
 * The error for an update that does not fit: what the copy has, what the update needs, and what to type on the
 * online side.
 */
export function unfit(fit: Fit, manifest: Manifest, local: State, repository: string): CondaDiffError {
  const states = [
    `the update leads from ${shortDigest(manifest.base.digest)} to ${shortDigest(manifest.target.digest)}`,
    `${repository} is in ${shortDigest(local.digest)} (${formatCount(local.count, 'file')}; ${local.digest})`,
  ];
  const name = `Update ${String(manifest.sequence)} of site '${manifest.site}'`;
  switch (fit.outcome) {
    case 'empty':
      return refusal(fit, `${name} needs a copy that has the base; ${repository} has nothing`, states, [
        'On the online side, make an update that starts from nothing:',
        '  conda-diff-export create <repository> --base empty',
      ]);
    case 'foreign':
      return refusal(
        fit,
        `${name} is of another repository: it shares no artifact with ${repository}`,
        states,
        [
          'Check that repository and update belong together; if they shall, make an update that starts from nothing:',
          '  conda-diff-export create <repository> --base empty',
        ],
      );
    default:
      return refusal(
        fit,
        `${name} does not fit: ${repository} is in another state than its base`,
        [...states, ...driftLines(fit)],
        [
          'Carry a reference of this copy over, and on the online side make an update that starts from it:',
          `  here:   conda-diff-import reference ${repository} -o reference.json`,
          '  online: conda-diff-export create <repository> --base reference.json',
        ],
      );
  }
}

function refusal(
  fit: Fit,
  message: string,
  details: readonly string[],
  hint: readonly string[],
): CondaDiffError {
  return new CondaDiffError('fit', message, { details, hint: hint.join('\n'), outcome: fit.outcome });
}

function driftLines(fit: Fit): string[] {
  const drift = fit.outcome === 'drifted' ? fit.drift : undefined;
  if (drift === undefined)
    return ['the base reference did not travel along, so only a copy in exactly the base state is accepted'];
  return [
    ...drift.added.map(({ path }) => `${path}: here, not in the base`),
    ...drift.replaced.map(
      ({ after, before }) => `${after.path}: expected sha256 ${before.sha256}, found sha256 ${after.sha256}`,
    ),
    ...drift.removed.map(({ path }) => `${path}: in the base, not here`),
  ];
}
