import { formatBytes, formatCount } from '../figures.js';
import type { Closure, UnmetName } from './closure.js';
import { nameOf } from '../paths.js';
import { markup, type Markup } from './html.js';
import type { Report } from './report.js';
import { directoryName, NO_LICENCE } from './words.js';

const MAX_NAMES = 6;

/** Licences of what is shipped. */
export function licenceSection({ licences, closure }: Report): Markup {
  const rows = licences.map(({ licence, isNew, packages, artifacts, bytes }) => {
    const mark = isNew && markup` <span class="mark">new to the repository</span>`;
    return markup`<tr><th scope="row">${licence ?? NO_LICENCE}${mark}<small>${some(packages, MAX_NAMES)}</small></th><td class="n">${artifacts}</td><td class="n" data-value="${bytes}">${formatBytes(bytes)}</td></tr>
`;
  });
  const table = markup`<table data-sortable aria-labelledby="licences">
<thead><tr><th scope="col">Licence</th><th scope="col" class="n">Artifacts</th><th scope="col" class="n">Size</th></tr></thead>
<tbody>${rows}</tbody></table>`;
  const none = closure === undefined ? NOT_KNOWN : markup`<p class="note">The update ships no artifacts.</p>`;
  return markup`<section aria-labelledby="licences">
<h2 id="licences">Licences</h2>
${rows.length > 0 ? table : none}
</section>
`;
}

const NOT_KNOWN = markup`<p class="note">Not known: no index could be read.</p>`;

function some(texts: readonly string[], limit: number): string {
  const more = texts.length - limit;
  return [...texts.slice(0, limit), ...(more > 0 ? [`and ${String(more)} more`] : [])].join(', ');
}

/** What the closure check found. */
export function dependencySection({ closure, broken }: Report): Markup {
  return markup`<section aria-labelledby="dependencies">
<h2 id="dependencies">Dependencies</h2>
${closure === undefined ? NOT_KNOWN : shippedFindings(closure)}
${broken.length > 0 && unmetTable('broken', 'Removed, and still needed', BROKEN, broken)}
</section>
`;
}

const UNMET = 'Shipped packages depend on these names, and no package of the target has them.';
const BROKEN =
  'Packages that stay depend on these names, and the update takes the last package of each away.';
const MAX_SPECS = 20;

function shippedFindings({ unmet, virtual, unreadable }: Closure): Markup {
  const found =
    unmet.length > 0
      ? unmetTable('unmet', 'Not provided', UNMET, unmet)
      : markup`<p class="calm">Every name that the shipped packages depend on is provided by the target.</p>`;
  return markup`${found}
${virtual.length > 0 && markup`<p class="note">Virtual packages, which the machine itself has to provide: ${virtual.join(', ')}</p>`}
${unreadable.length > 0 && markup`<p class="note">Not checked, as these ask for no single name: ${some(unreadable, MAX_SPECS)}</p>`}`;
}

function unmetTable(id: string, title: string, meaning: string, unmet: readonly UnmetName[]): Markup {
  const rows = unmet.map(({ name, subdir, records, examples }) => {
    const needing = examples.map(
      ({ path, spec }) => markup`<small>${nameOf(path)}: <code>${spec}</code></small>`,
    );
    const more = records - examples.length;
    return markup`<tr><th scope="row">${name}<small>${directoryName(subdir)}</small></th><td>${needing}${
      more > 0 && markup`<small>and ${formatCount(more, 'other')}</small>`
    }</td><td class="n">${records}</td></tr>
`;
  });
  return markup`<h3 id="${id}">${title} <span class="count">${unmet.length}</span></h3>
<p class="note">${meaning}</p>
<table class="unmet" data-sortable aria-labelledby="${id}">
<thead><tr><th scope="col">Name</th><th scope="col">Needed by</th><th scope="col" class="n">Records</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}
