import { existsSync } from 'node:fs';
import { timestamp } from '../shared/clock.js';
import { readCode } from '../shared/confirmation-code.js';
import { CondaDiffError } from '../shared/errors.js';
import { withLock } from '../shared/lock.js';
import type { Receipt } from '../shared/receipt.js';
import type { Trust } from '../shared/trust.js';
import { type Judgement, judgeCode, judgeReceipt } from './confirmation.js';
import { settlePending } from './earlier-updates.js';
import type { Place } from './find-state.js';
import { viewSite } from './ledger.js';
import type { ConfirmedEvent } from './ledger-events.js';
import { readReceipt } from './read-receipt.js';
import { pruneReferences } from './references.js';
import { mistyped, unconfirmed } from './refuse-confirmation.js';
import { requireSite, siteNames } from './sites.js';
import type { SiteView } from './site-view.js';
import { appendToLedger, openStore, siteOf } from './store.js';

export interface ConfirmOptions extends Place {
  readonly stateDirectory: string;
  /** A receipt file, or a code as it was typed. */
  readonly statement: string;
  /** Whose signatures a receipt must have; `undefined` where nothing is trusted. */
  readonly trust?: Trust | undefined;
  /** Of how many last updates the references are kept. */
  readonly keepReferences?: number | undefined;
  readonly note: (line: string) => void;
}

export interface ConfirmResult {
  readonly outcome: 'confirmed' | 'already-confirmed';
  readonly event: Pick<ConfirmedEvent, 'id' | 'kind' | 'digest'>;
  readonly before: SiteView;
  readonly after: SiteView;
}

/**
 * Notes what a site said that it has.
 *
 * @throws CondaDiffError usage, when the code is mistyped; fit, when the statement is old, foreign or of an unknown
 *   state; malformed or integrity, when a receipt is not whole; locked; io
 */
export async function confirm(options: ConfirmOptions): Promise<ConfirmResult> {
  const { repository, stateDirectory, site, note } = options;
  return withLock(repository, 'conda-diff-export confirm', async () => {
    const store = await settlePending(await openStore(stateDirectory), note);
    const { events } = store.log;
    requireSite(siteNames(events), site, repository);
    const before = siteOf(store, site);
    const views = new Map(siteNames(events).map((name) => [name, viewSite(events, name)]));
    const said = await readStatement(options.statement, options.trust);
    const judgement =
      said.receipt === undefined
        ? judgeCode(said.code, site, views)
        : judgeReceipt(said.receipt, site, views);
    if (judgement.outcome !== 'confirmed' && judgement.outcome !== 'already-confirmed')
      throw unconfirmed(judgement, said.name, before, options);
    const { outcome, statement: event } = judgement;
    if (isNoted(judgement)) return { outcome, event, before, after: before };
    const confirmed = await appendToLedger(store, [confirmedEvent(site, judgement, said.receipt)]);
    await pruneReferences(confirmed, note, options.keepReferences);
    return { outcome, event, before, after: siteOf(confirmed, site) };
  });
}

type Right = Extract<Judgement, { outcome: 'confirmed' | 'already-confirmed' }>;

function isNoted(judgement: Right): boolean {
  return judgement.outcome === 'already-confirmed' && judgement.isNoted;
}

function confirmedEvent(site: string, { statement }: Right, receipt: Receipt | undefined): ConfirmedEvent {
  const { id, kind, digest } = statement;
  const common = { event: 'confirmed', site, id, kind, digest } as const;
  if (receipt === undefined) return { ...common, by: 'code', at: timestamp() };
  const { series, counter, established, at: written } = receipt;
  return { ...common, by: 'receipt', series, counter, established, written, at: timestamp() };
}

type Said =
  | { readonly name: string; readonly receipt: Receipt; readonly code?: never }
  | { readonly name: string; readonly receipt?: undefined; readonly code: string };

/** Whether a statement, as it was typed, is the file of a receipt and not a code. */
export function isReceiptFile(text: string): boolean {
  return existsSync(text) || /[/.]/.test(text);
}

function unsignedCode(): CondaDiffError {
  return new CondaDiffError('integrity', 'A code is not signed, and what this copy states must be', {
    hint: [
      'Have the receipt carried over with its signature:',
      '  conda-diff-import receipt <repository> -o receipt.json --sign-key <private key>',
    ].join('\n'),
  });
}

/** A file that is there, or a name with a slash or a dot, is a receipt; anything else was meant as a code. */
async function readStatement(text: string, trust: Trust | undefined): Promise<Said> {
  if (isReceiptFile(text)) return { name: `The receipt ${text}`, receipt: await readReceipt(text, trust) };
  const code = readCode(text);
  if (code === undefined) throw mistyped(text);
  if (trust !== undefined) throw unsignedCode();
  return { name: `The code ${code}`, code };
}
