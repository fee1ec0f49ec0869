import { formatBytes } from '../figures.js';
import { markup, type Markup, pathMarkup } from './html.js';
import { filterBox } from './html-table.js';
import { signatureStates } from './signature-state.js';
import type { Report } from './report.js';

/** Rows of the file table beyond this would make a page that no browser shows. */
const MAX_ROWS = 50_000;

/** Every file that the update ships or removes, with size and sha256. */
export function* fileSection({ files, removed, absent, manifestFile }: Report): Generator<Markup> {
  const count = files.length + removed.length;
  yield markup`<section aria-labelledby="files" data-filtered>
<h2 id="files">Files <span class="count">${count}</span></h2>
${count > MAX_ROWS && markup`<p class="note">Only the first ${MAX_ROWS} are shown. <code>${manifestFile.name}</code> lists all, one on a line.</p>`}
${filterBox('files')}
<table class="files" data-sortable aria-labelledby="files">
<thead><tr><th scope="col">File and sha256</th><th scope="col">Change</th><th scope="col" class="n">Size</th></tr></thead>
<tbody>
`;
  for (const { path, sha256, size, replaces } of files.slice(0, MAX_ROWS))
    yield fileRow(path, sha256, replaces === undefined ? 'added' : 'replaced', size);
  for (const { path, sha256, size } of removed.slice(0, Math.max(0, MAX_ROWS - files.length)))
    yield fileRow(path, sha256, 'removed', size);
  yield markup`</tbody></table>
${absent.length > 0 && absentList(absent)}</section>
`;
}

function fileRow(path: string, sha256: string, change: string, size: number): Markup {
  return markup`<tr><th scope="row">${pathMarkup(path)}<code>${sha256}</code></th><td>${change}</td><td class="n" data-value="${size}">${formatBytes(size)}</td></tr>
`;
}

function absentList(absent: Report['absent']): Markup {
  const items = absent.slice(0, MAX_ROWS).map(({ path, named }) => {
    const why = named === 'removed' ? 'taken back by the channel' : 'missing in the mirror';
    return markup`<li><code>${path}</code> ${why}</li>
`;
  });
  return markup`<h3>Named by an index, and not there <span class="count">${absent.length}</span></h3>
<ul class="paths">${items}</ul>
`;
}

/** What the update is, down to its hashes. */
export function digestSection(report: Report): Markup {
  const { update, base, target, manifestFile, volumes, baseReference, globs } = report;
  const signatures = signatureStates(report).map(({ name, state }) => `${name} (${state})`);
  const rows: readonly (readonly [string, Markup | string])[] = [
    ['Update id', hash(update.id)],
    ['State before', base.count === 0 ? 'empty' : hash(base.digest)],
    ['State after', hash(target.digest)],
    [manifestFile.name, hash(manifestFile.sha256)],
    ...volumes.map((one) => [one.name, fileCell(one)] as const),
    [baseReference.name, fileCell(baseReference)],
    ['Signatures', signatures.length === 0 ? 'not signed' : signatures.join(', ')],
    ['Left out by globs', globs.ignore.length === 0 ? 'nothing' : globs.ignore.join(' ')],
    ['Included by globs', globs.include.length === 0 ? 'nothing' : globs.include.join(' ')],
  ];
  return markup`<section aria-labelledby="digests">
<h2 id="digests">Digests and signatures</h2>
<table class="digests" aria-labelledby="digests"><tbody>${rows.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
  )}</tbody></table>
<p class="note">The hashes are sha256. Compare that of the manifest, and the state after, with what the other side prints.</p>
</section>
`;
}

function hash(text: string): Markup {
  return markup`<code>${text}</code>`;
}

function fileCell({ sha256, size, found }: { sha256: string; size: number; found: boolean }): Markup {
  const state = found ? 'as the manifest states it' : 'was not there';
  return markup`<code>${sha256}</code><small>${formatBytes(size)}, ${state}</small>`;
}
