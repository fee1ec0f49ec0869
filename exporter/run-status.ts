import { createShell, type Shell } from '../shared/cli-shell.js';
import { HashCache } from '../shared/hash-cache.js';
import { describeStatus, statusLines } from './describe-status.js';
import { historyLine, historyOf } from './history.js';
import type { LedgerEvent } from './ledger-events.js';
import type { ExportFlags } from './options.js';
import { type Workplace, workplace } from './workplace.js';
import { requireSite, siteNames } from './sites.js';
import { statusOf } from './status.js';
import { openStore, siteOf } from './store.js';
import { shellWord } from '../shared/shell-word.js';

/** `status`: prints where each site stands. */
export async function runStatus(repository: string | undefined, flags: ExportFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const { store, names } = await chosenSites(place, flags, shell);
  const views = names.map((name) => [name, siteOf(store, name)] as const);
  const cache = await HashCache.open(place.repository);
  const sites = await statusOf(views, { ...place, signal: shell.signal, progress: shell.progress }, cache);
  shell.data(
    { command: 'status', sites: sites.map(describeStatus) },
    sites.length === 0
      ? [`There is no site yet; begin with conda-diff-export init ${shellWord(place.repository)}`]
      : sites.flatMap(statusLines),
  );
}

/** `log`: prints what happened to the updates. */
export async function runLog(repository: string | undefined, flags: ExportFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const { store, names } = await chosenSites(place, flags, shell);
  const isChosen = ({ site }: LedgerEvent): boolean => names.includes(site);
  const entries = historyOf(store.log.events.filter(isChosen));
  shell.data({ command: 'log', history: entries }, entries.map(historyLine));
}

/** All sites, or the one that flag or configuration name. */
async function chosenSites(place: Workplace, flags: ExportFlags, shell: Shell) {
  const store = await openStore(place.stateDirectory);
  if (store.log.torn) shell.note('The last line of the ledger was torn by a crash and is left out');
  const names = siteNames(store.log.events);
  if ((flags.site ?? place.config.site) === undefined) return { store, names };
  requireSite(names, place.site, place.repository);
  return { store, names: names.filter((name) => name === place.site) };
}
