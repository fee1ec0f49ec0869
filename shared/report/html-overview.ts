import { formatBytes, formatCount } from '../figures.js';
import { CHANGE_KINDS } from './changes.js';
import { sizeChart } from './chart.js';
import { markup, type Markup, pathMarkup } from './html.js';
import type { Report } from './report.js';
import { directoryName, KIND_NAMES } from './words.js';

/** The figures at the top. */
export function glance({ changes, files, removed, target }: Report): Markup {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const gone = removed.reduce((sum, { size }) => sum + size, 0);
  const figures: readonly (readonly [string, string, string])[] = [
    ['Carries', formatBytes(bytes), formatCount(files.length, 'file')],
    ...CHANGE_KINDS.map((kind) => {
      const of = changes.filter((one) => one.kind === kind);
      const artifacts = of.reduce((sum, one) => sum + one.artifacts.length, 0);
      return [KIND_NAMES[kind], String(of.length), formatCount(artifacts, 'artifact')] as const;
    }),
    ['Removes', formatBytes(gone), formatCount(removed.length, 'file')],
    ['Then holds', formatBytes(target.bytes), formatCount(target.count, 'file')],
  ];
  return markup`<section aria-labelledby="glance">
<h2 id="glance">At a glance</h2>
<dl class="tiles">${figures.map(
    ([name, value, more]) => markup`<div><dt>${name}</dt><dd><b>${value}</b> <span>${more}</span></dd></div>`,
  )}</dl>
</section>
`;
}

/** What happens in each directory, as a matrix. */
export function directorySection({ directories }: Report): Markup {
  const heads = [...CHANGE_KINDS.map((kind) => KIND_NAMES[kind]), 'Other files', 'Carried'];
  const rows = directories.map(({ directory, artifacts, otherFiles, bytes }) => {
    const counts = [...CHANGE_KINDS.map((kind) => artifacts[kind]), otherFiles];
    const cells = [...counts.map((count) => (count === 0 ? '–' : String(count))), formatBytes(bytes)];
    return markup`<tr><th scope="row">${pathMarkup(directoryName(directory))}</th>${cells.map(
      (cell, i) => markup`<td class="n" data-name="${heads[i]}">${cell}</td>`,
    )}</tr>
`;
  });
  return markup`<section aria-labelledby="directories">
<h2 id="directories">By subdir</h2>
<table class="matrix" aria-labelledby="directories"><caption>Artifacts by what happens to them; other files are indexes and metadata</caption>
<thead><tr><th scope="col">Subdir</th>${heads.map((name) => markup`<th scope="col" class="n">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table>
</section>
`;
}

const CHARTED = 12;
const LISTED = 50;

/** How much of the update is of which package. */
export function sizeSection({ sizes }: Report): Markup {
  if (sizes.length === 0) return markup``;
  const rest = sizes.slice(CHARTED);
  const listed = sizes.slice(0, LISTED);
  const rows = listed.map(
    ({ name, artifacts, bytes }) =>
      markup`<tr><th scope="row">${name}</th><td class="n">${artifacts}</td><td class="n">${formatBytes(bytes)}</td></tr>
`,
  );
  return markup`<section aria-labelledby="sizes">
<h2 id="sizes">Size by package</h2>
${sizeChart(sizes.slice(0, CHARTED))}
${rest.length > 0 && markup`<p class="note">${formatCount(rest.length, 'other package')} together: ${formatBytes(sum(rest))}</p>`}
<details><summary>The same as a table${sizes.length > LISTED && ` (the largest ${String(LISTED)})`}</summary>
<table><thead><tr><th scope="col">Package</th><th scope="col" class="n">Artifacts</th><th scope="col" class="n">Size</th></tr></thead>
<tbody>${rows}</tbody></table></details>
</section>
`;
}

function sum(sizes: readonly { readonly bytes: number }[]): number {
  return sizes.reduce((total, { bytes }) => total + bytes, 0);
}
