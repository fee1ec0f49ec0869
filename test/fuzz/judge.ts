import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DISCARD, readUpdate } from '../../importer/stage.js';
import { CondaDiffError, type ErrorCode } from '../../shared/errors.js';
import { targetOf } from '../../shared/manifest.js';
import { readBaseReference } from '../../shared/read-base.js';
import { readSignedManifest } from '../../shared/read-signed.js';
import type { Trust } from '../../shared/trust.js';
import { apply, check, cloneSite, listing, type Site } from '../support/hostile-site.js';
import { MANIFEST } from './mutate.js';

const NEVER = new AbortController().signal;

/**
 * How an altered update ended: refused; accepted, with the effect of the original; or, without a signature, accepted
 * on other terms: globs and the list of what is absent have no witness but the checksum, which anybody can make right.
 * Then files may stay that would have gone or the other way round, but all that are there are those of base or target.
 */
export type Verdict = ErrorCode | 'accepted' | 'other terms';

/** Errors that an update may be refused with; anything else is a fault of ours. */
const REFUSALS: readonly ErrorCode[] = ['integrity', 'malformed', 'fit', 'io'];

/**
 * Reads an update as the importer does, as far as that does not depend on the copy.
 *
 * @returns why it is refused, or `undefined` when it is not
 */
export async function readVerdict(
  directory: string,
  trust: Trust | undefined,
): Promise<ErrorCode | undefined> {
  return refusalOf(async () => {
    const file = join(directory, MANIFEST);
    const { manifest } = await readSignedManifest(file, trust);
    const base = await readBaseReference(manifest, file);
    if (base !== undefined) targetOf(manifest, base, file);
    await readUpdate(manifest, directory, DISCARD, NEVER);
  });
}

/** `check`, in the copy. */
export async function checkVerdict(site: Site, trust: Trust | undefined): Promise<ErrorCode | undefined> {
  return refusalOf(() => check(site, site.media, trust));
}

/**
 * Applies an update to a copy of the site.
 *
 * @param wanted {@link effectOf} the original
 */
export async function applyVerdict(
  site: Site,
  trust: Trust | undefined,
  wanted: readonly string[],
): Promise<Verdict> {
  const folder = mkdtempSync(join(site.world, '..', 'clone-'));
  try {
    const clone = { ...cloneSite(site, folder), media: site.media };
    const before = listing(clone.outside);
    const refusal = await refusalOf(() => apply(clone, site.media, trust));
    assert.deepEqual(listing(clone.outside), before, 'something outside was changed');
    if (refusal !== undefined) return refusal;
    const effect = effectOf(clone);
    if (isDeepStrictEqual(effect, wanted)) return 'accepted';
    assert.equal(trust, undefined, 'a signed update has another effect');
    const [known, private_] = [
      new Set([...wanted, ...effectOf(site)]),
      wanted.filter((line) => line.startsWith('private')),
    ];
    const strange = effect.filter((line) => !known.has(line));
    assert.deepEqual(strange, [], 'there are files that are neither of the base nor of the target');
    assert.ok(
      private_.every((line) => effect.includes(line)),
      'an untracked file was changed',
    );
    return 'other terms';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What an import leaves in the copy: types, modes, owners and contents, but no times and nothing of our own state. */
export function effectOf({ copy }: Site): string[] {
  return listing(copy)
    .filter((line) => !line.startsWith('.conda-diff'))
    .map((line) =>
      line.replace(/ \S+( \d+ \S+)?$/, (_, rest: string | undefined) => rest?.replace(/^ \d+/, '') ?? ''),
    );
}

async function refusalOf(run: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof CondaDiffError)) throw error;
    assert.ok(REFUSALS.includes(error.code), `${error.code}: ${error.message}`);
    return error.code;
  }
}
