import { formatBytes, formatCount } from '../figures.js';
import { shortDigest } from '../state.js';
import { attentionPoints } from './attention.js';
import { CHANGE_KINDS, type Change } from './changes.js';
import { signatureStates } from './signature-state.js';
import type { Report } from './report.js';
import { visibleText } from './visible-text.js';
import { directoryName, KIND_NAMES, NO_LICENCE } from './words.js';

/** Rows of each list: a ticket is not the place for more. */
const MAX_ROWS = 50;

/**
 * A report for a ticket, in GitHub's Markdown: shorter than the page, with the largest part of each list. What comes from
 * the update stands in code spans, so that nothing of it is markup, a link or a mention.
 */
export function markdownReport(report: Report): string {
  const { update, base, target, files } = report;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const from = base.count === 0 ? 'empty' : code(shortDigest(base.digest));
  const lines = [
    `# Update ${String(update.sequence)} for ${code(update.site)}`,
    '',
    `From state ${from} to state ${code(shortDigest(target.digest))}, made ${update.created}.`,
    `It carries ${formatCount(files.length, 'file')}, ${formatBytes(bytes)}, and removes ${String(report.removed.length)}.`,
    '',
    ...listOf(
      'Look at these',
      attentionPoints(report).map(({ text }) => text),
    ),
    ...directoryTable(report),
    ...CHANGE_KINDS.flatMap((kind) =>
      changeTable(
        KIND_NAMES[kind],
        report.changes.filter((one) => one.kind === kind),
      ),
    ),
    ...licenceTable(report),
    ...dependencyList(report),
    ...digestTable(report),
    ...listOf('What was not checked', report.unchecked),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function code(text: string): string {
  const shown = visibleText(text).replaceAll('`', "'").replaceAll('|', '\\|');
  return `\`${shown === '' ? ' ' : shown}\``;
}

function listOf(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [
    `## ${title}`,
    '',
    ...capped(
      items.map((item) => `- ${item}`),
      '- ',
    ),
    '',
  ];
}

function capped(rows: readonly string[], start: string): string[] {
  const more = rows.length - MAX_ROWS;
  return more > 0 ? [...rows.slice(0, MAX_ROWS), `${start}… and ${String(more)} more`] : [...rows];
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const more = rows.length - MAX_ROWS;
  return [
    `## ${title}`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.slice(0, MAX_ROWS).map(line),
    '',
    ...(more > 0 ? [`… and ${String(more)} more`, ''] : []),
  ];
}

function directoryTable({ directories }: Report): string[] {
  const head = ['Subdir', ...CHANGE_KINDS.map((kind) => KIND_NAMES[kind]), 'Other files', 'Carried'];
  const rows = directories.map(({ directory, artifacts, otherFiles, bytes }) => [
    code(directoryName(directory)),
    ...CHANGE_KINDS.map((kind) => String(artifacts[kind])),
    String(otherFiles),
    formatBytes(bytes),
  ]);
  return table('By subdir', head, rows);
}

function changeTable(title: string, changes: readonly Change[]): string[] {
  const rows = changes.map(({ directory, name, version, from, older, last, artifacts, bytes }) => [
    code(name),
    `${from === undefined ? '' : `${code(from)} → `}${code(version)}${older ? ' (older)' : ''}${last ? ' (last of its name)' : ''}`,
    code(directoryName(directory)),
    String(artifacts.length),
    formatBytes(bytes),
  ]);
  return table(
    `${title}: ${String(changes.length)}`,
    ['Package', 'Version', 'Subdir', 'Artifacts', 'Size'],
    rows,
  );
}

function licenceTable({ licences }: Report): string[] {
  const rows = licences.map(({ licence, isNew, artifacts, bytes }) => [
    licence === undefined ? NO_LICENCE : code(licence),
    isNew ? 'yes' : '',
    String(artifacts),
    formatBytes(bytes),
  ]);
  return table('Licences', ['Licence', 'New to the repository', 'Artifacts', 'Size'], rows);
}

function dependencyList({ closure, broken }: Report): string[] {
  const line = (one: Report['broken'][number]): string =>
    `${code(one.name)} for ${code(directoryName(one.subdir))}, needed by ${formatCount(one.records, 'record')}`;
  return [
    ...listOf('Dependencies that nothing in the target provides', (closure?.unmet ?? []).map(line)),
    ...listOf('Removed, and still needed', broken.map(line)),
  ];
}

function digestTable({
  update,
  base,
  target,
  manifestFile,
  volumes,
  baseReference,
  ...report
}: Report): string[] {
  const signatures = signatureStates(report).map(({ name, state }) => `${code(name)} (${state})`);
  const files = [manifestFile, ...volumes, baseReference];
  return table(
    'Digests',
    ['What', 'sha256'],
    [
      ['Update id', code(update.id)],
      ['State before', base.count === 0 ? 'empty' : code(base.digest)],
      ['State after', code(target.digest)],
      ...files.map(({ name, sha256 }) => [code(name), code(sha256)]),
      ['Signatures', signatures.length === 0 ? 'not signed' : signatures.join(', ')],
    ],
  );
}
