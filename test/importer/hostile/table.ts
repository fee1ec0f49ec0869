import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../../shared/errors.js';
import { apply, check, listing, type Site, siteOfSuite } from '../../support/hostile-site.js';
import { type Sealing, seal, takeApart, type UpdateDraft } from '../../support/hostile-update.js';
import { rejects } from '../../support/refusal.js';

/** One crafted update and how it must be refused. */
export interface Row {
  readonly what: string;
  readonly code: ErrorCode;
  readonly text: RegExp;
  /** Alters the parts; they are then put together so that everything else fits. */
  readonly craft?: (draft: UpdateDraft) => Sealing;
  /** Alters the files afterwards, so that their hashes do not fit. */
  readonly spoil?: (directory: string, site: Site) => void;
}

/** No row may take longer, whatever it holds. */
const MILLISECONDS = 5000;

/**
 * Declares a test for each row: `check` and `apply` refuse the update with its code and text, in bounded time, and
 * the copy and everything around it stay as they are.
 */
export function hostileTable(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    const siteOf = siteOfSuite();

    it('the update is accepted as it was made, and put together again', async () => {
      const site = siteOf();
      const update = join(site.media, 'right');
      seal(takeApart(site.update), update);
      await check(site, site.update);
      await check(site, update);
    });

    for (const [n, { what, code, text, craft, spoil }] of rows.entries()) {
      it(`${code}: ${what}`, async () => {
        const site = siteOf();
        const update = join(site.media, String(n));
        const draft = takeApart(site.update);
        seal(draft, update, craft?.(draft));
        spoil?.(update, site);
        const [world, media] = [listing(site.world), listing(update)];
        const begun = performance.now();
        for (const run of [check, apply]) await rejects(run(site, update), code, text);
        assert.ok(performance.now() - begun < MILLISECONDS, 'it took too long');
        assert.deepEqual(listing(site.world), world);
        assert.deepEqual(listing(update), media);
        rmSync(update, { recursive: true });
      });
    }
  });
}

/** A row that alters parts and is refused as malformed. */
export function malformed(what: string, text: RegExp, edit: (draft: UpdateDraft) => void): Row {
  return resealed(what, text, (draft) => {
    edit(draft);
    return {};
  });
}

/** A row that alters parts and the finished files, and is refused as malformed. */
export function resealed(what: string, text: RegExp, craft: (draft: UpdateDraft) => Sealing): Row {
  return { what, code: 'malformed', text, craft };
}
