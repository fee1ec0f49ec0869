import { formatBytes, formatCount } from '../figures.js';
import { CHANGE_KINDS, type Change, type ChangeKind } from './changes.js';
import { markup, type Markup } from './html.js';
import type { Report } from './report.js';
import { filterBox } from './html-table.js';
import { directoryName, KIND_MEANINGS, KIND_NAMES } from './words.js';

/** Packages by what happens to them: one table a kind, one filter for all. */
export function* packageSection({ changes }: Report): Generator<Markup> {
  yield markup`<section aria-labelledby="packages" data-filtered>
<h2 id="packages">Packages</h2>
${changes.length > 0 ? filterBox('packages') : markup`<p class="note">The update ships and removes no artifacts.</p>`}
`;
  for (const kind of CHANGE_KINDS) {
    const listed = changes.filter((change) => change.kind === kind);
    if (listed.length > 0) yield* kindTable(kind, listed);
  }
  yield markup`</section>
`;
}

function* kindTable(kind: ChangeKind, changes: readonly Change[]): Generator<Markup> {
  const artifacts = changes.reduce((sum, one) => sum + one.artifacts.length, 0);
  yield markup`<h3 id="packages-${kind}">${KIND_NAMES[kind]} <span class="count">${changes.length}</span></h3>
<p class="note">${KIND_MEANINGS[kind]} ${formatCount(artifacts, 'artifact')}.</p>
<table class="packages" data-sortable aria-labelledby="packages-${kind}">
<thead><tr><th scope="col">Package</th><th scope="col">Version</th><th scope="col" class="n">Artifacts</th><th scope="col" class="n">Size</th></tr></thead>
<tbody>
`;
  for (const change of changes) yield row(change);
  yield markup`</tbody></table>
`;
}

function row(change: Change): Markup {
  const { directory, name, artifacts, bytes } = change;
  const licences = [...new Set(artifacts.map(({ licence }) => licence))].filter((one) => one !== undefined);
  const place = [directoryName(directory), ...licences].join(' · ');
  return markup`<tr><th scope="row">${name}<small>${place}</small></th><td>${version(change)}<small>${builds(change)}</small></td><td class="n">${artifacts.length}</td><td class="n" data-value="${bytes}">${formatBytes(bytes)}${sizeBefore(change)}</td></tr>
`;
}

function version({ version: to, from, older, last }: Change): Markup {
  const before = from === undefined ? undefined : markup`<span class="from">${from}</span> → `;
  const mark = older ? 'older' : last ? 'last of its name' : undefined;
  return markup`${before}<b>${to}</b>${mark && markup` <span class="mark">${mark}</span>`}`;
}

const MAX_BUILDS = 4;

function builds({ artifacts }: Change): string {
  const all = [...new Set(artifacts.map(({ build }) => build))].filter((build) => build !== '');
  const more = all.length - MAX_BUILDS;
  return [...all.slice(0, MAX_BUILDS), ...(more > 0 ? [`and ${String(more)} more`] : [])].join(', ');
}

function sizeBefore({ kind, artifacts }: Change): Markup | undefined {
  if (kind !== 'replaced') return undefined;
  const before = artifacts.reduce((sum, { replaces }) => sum + (replaces?.size ?? 0), 0);
  return markup`<small>was ${formatBytes(before)}</small>`;
}
