import { formatCount } from '../figures.js';
import { shortDigest } from '../state.js';
import { attentionPoints } from './attention.js';
import { markup, type Markup } from './html.js';
import { dependencySection, licenceSection } from './html-findings.js';
import { digestSection, fileSection } from './html-files.js';
import { directorySection, glance, sizeSection } from './html-overview.js';
import { packageSection } from './html-packages.js';
import { page, type PageAssets } from './page.js';
import type { Report } from './report.js';

/** The parts of the page, as its navigation names them. */
const SECTIONS = [
  ['packages', 'Packages'],
  ['licences', 'Licences'],
  ['dependencies', 'Dependencies'],
  ['files', 'Files'],
  ['digests', 'Digests'],
  ['unchecked', 'Not checked'],
] as const;

/** A report as one HTML file, in pieces: readable without its script, on any screen and on paper. */
export function htmlReport(report: Report, assets: PageAssets): Generator<Markup> {
  const { site, sequence } = report.update;
  return page(`Update ${String(sequence)} for ${site}`, assets, body(report));
}

function* body(report: Report): Generator<Markup> {
  yield head(report);
  yield markup`<main id="main">
`;
  yield glance(report);
  yield attention(report);
  yield directorySection(report);
  yield sizeSection(report);
  yield* packageSection(report);
  yield licenceSection(report);
  yield dependencySection(report);
  yield* fileSection(report);
  yield digestSection(report);
  yield unchecked(report);
  yield markup`</main>
<footer><p>Made by conda-diff from the files of the update. This page fetches nothing.</p></footer>
`;
}

function head({ update, base, target }: Report): Markup {
  const from = base.count === 0 ? 'empty' : shortDigest(base.digest);
  return markup`<a class="skip" href="#main">Skip to the report</a>
<header>
<p class="kicker">conda-diff review report</p>
<h1>Update ${update.sequence} for ${update.site}</h1>
<p class="lead">From state <code>${from}</code> (${formatCount(base.count, 'file')}) to state
<code>${shortDigest(target.digest)}</code> (${formatCount(target.count, 'file')}), made ${update.created} by ${update.generator}</p>
<nav aria-label="Sections"><ul>${SECTIONS.map(([id, name]) => markup`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
`;
}

function attention(report: Report): Markup {
  const points = attentionPoints(report);
  if (points.length === 0)
    return markup`<p class="calm">Nothing in this update asks for special attention.</p>
`;
  return markup`<section class="attention" aria-labelledby="attention">
<h2 id="attention">Look at these</h2>
<ul>${points.map(({ section, text }) => markup`<li><a href="#${section}">${text}</a></li>`)}</ul>
</section>
`;
}

function unchecked({ unchecked: notes }: Report): Markup {
  return markup`<section aria-labelledby="unchecked">
<h2 id="unchecked">What was not checked</h2>
<ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>
</section>
`;
}
