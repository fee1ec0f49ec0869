import { formatBytes } from '../figures.js';
import { markup, type Markup } from './html.js';
import type { PackageSize } from './totals.js';
import { visibleText } from './visible-text.js';

const ROW = 34;
const BAR = 10;
/** Longest name in a bar's label, in characters: a phone has room for it beside the size. */
const MAX_LABEL = 34;

/**
 * Bars, the longest first, as SVG of any width: lengths are percentages, so that the letters keep their size on a phone.
 * It is one picture to a screen reader; its content follows it as a table.
 *
 * @param sizes not empty, the largest first
 */
export function sizeChart(sizes: readonly PackageSize[]): Markup {
  const largest = Math.max(1, sizes[0]?.bytes ?? 1);
  const rows = sizes.map(({ name, bytes }, i) => {
    const width = Math.max(0.2, (100 * bytes) / largest).toFixed(2);
    const y = i * ROW;
    return markup`<text x="0" y="${y + 13}">${shortened(visibleText(name))}</text><text class="value" x="100%" y="${y + 13}" text-anchor="end">${formatBytes(bytes)}</text>
<rect class="track" x="0" y="${y + 18}" width="100%" height="${BAR}" rx="2"/><rect class="bar" x="0" y="${y + 18}" width="${width}%" height="${BAR}" rx="2"/>
`;
  });
  return markup`<svg class="chart" role="img" aria-labelledby="chart-title" width="100%" height="${sizes.length * ROW}">
<title id="chart-title">Bar chart: bytes carried of the ${sizes.length} largest packages; the table below says the same</title>
${rows}</svg>`;
}

function shortened(name: string): string {
  return name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL - 1)}…` : name;
}
