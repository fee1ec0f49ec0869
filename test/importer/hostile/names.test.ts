import { NEW, GONE, NOTES, SAME } from '../../support/hostile-site.js';
import { lineOf, moveFile, section, type UpdateDraft } from '../../support/hostile-update.js';
import { hashOf } from '../../support/arbitrary.js';
import { hostileTable, malformed, type Row } from './table.js';

const LONG = 'n'.repeat(256);

/** Names that no tracked file may have, and what is said of them. */
const NAMES: readonly [path: string, text: RegExp][] = [
  ['/etc/cron.d/x', /is absolute/],
  ['//host/share/x', /is absolute/],
  ['..', /begins with a dot/],
  ['../outside/deep/new-1.0-0.conda', /begins with a dot/],
  ['noarch/../../outside/secret', /begins with a dot/],
  ['noarch/./x', /begins with a dot/],
  ['noarch//x', /empty segment/],
  ['noarch/', /empty segment/],
  ['C:/Windows/x', /is absolute/],
  ['c:x', /is absolute/],
  ['noarch/C:', /one of the characters/],
  ['noarch/new.conda:stream', /one of the characters/],
  ['\\\\host\\share\\x', /backslash/],
  ['noarch\\..\\..\\x', /backslash/],
  ['\\\\?\\C:\\x', /backslash/],
  ['noarch/a\0b', /control character/],
  ['noarch/a\nb', /control character/],
  ['noarch/\u001b[2Jb', /control character/],
  ['noarch/a\u007fb', /control character/],
  ['noarch/a\u009bb', /control character/],
  ['noarch/\u202egpj.conda', /invisible/],
  ['\u200c.conda-diff/journal.json', /invisible/],
  ['noarch/a\ud800', /not valid UTF-8/],
  ['noarch/a\ufffd', /not valid UTF-8/],
  ['CON', /device/],
  ['noarch/nul', /device/],
  ['noarch/COM1.conda', /device/],
  ['aux/x.conda', /device/],
  ['noarch/lpt9.tar.bz2', /device/],
  ['noarch/x.', /ends in a dot or a space/],
  ['noarch/x ', /ends in a dot or a space/],
  ['noarch /x', /ends in a dot or a space/],
  ['noarch/...', /begins with a dot/],
  [`noarch/${LONG}`, /longer than 255 bytes/],
  [`noarch/${'é'.repeat(128)}`, /longer than 255 bytes/],
  [`${'d/'.repeat(1100)}x`, /longer than 2048 bytes/],
  ['.conda-diff/journal.json', /begins with a dot/],
  ['.conda-diff/lock', /begins with a dot/],
  ['noarch/.conda-diff/x', /begins with a dot/],
  ['CONDA-~1/journal.json', /short names/],
  ['.ssh/authorized_keys', /begins with a dot/],
  ['noarch/.htaccess', /begins with a dot/],
  ['noarch/x.tmp', /never tracked/],
  ['update.tar', /never tracked/],
  ['reference.json', /never tracked/],
  ['noarch/key.pem', /never tracked/],
];

const shown = (path: string): string => JSON.stringify(path.length > 60 ? `${path.slice(0, 30)}…` : path);

function addTo(draft: UpdateDraft, name: 'removed' | 'absent' | 'base', path: string): void {
  const line = { path, size: 1, sha256: hashOf('x') };
  if (name === 'absent') section(draft.manifest, name).push({ path, named: 'record' });
  else section(draft.base, 'entries').push(line);
  if (name === 'removed') section(draft.manifest, name).push(line);
  for (const list of [section(draft.base, 'entries'), section(draft.manifest, 'removed')])
    list.sort((a, b) => Buffer.compare(Buffer.from(String(a['path'])), Buffer.from(String(b['path']))));
}

/** Each name is that of a shipped file, and in turn that of a replaced, a removed, an absent file and one of the base. */
const rows: Row[] = NAMES.flatMap(([path, text], n) =>
  [
    malformed(`a shipped file ${shown(path)}`, text, (draft) => {
      moveFile(draft, NEW, path);
    }),
    malformed(`a replaced file ${shown(path)}`, text, (draft) => {
      moveFile(draft, NOTES, path);
    }),
    ...(['removed', 'absent', 'base'] as const).map((list) =>
      malformed(`a file in ${list} ${shown(path)}`, text, (draft) => {
        addTo(draft, list, path);
      }),
    ),
  ].filter((_, i) => i === 0 || (i === 1 + (n % 4) && !(i === 4 && text.source === 'never tracked'))),
);

const COLLISIONS: readonly [what: string, path: string, text: RegExp][] = [
  ['another case', 'noarch/STAYS-1.0-0.conda', /is like noarch\/stays-1\.0-0\.conda/],
  ['another case of a replaced file', 'noarch/Same-1.0-0.conda', /is like noarch\/same-1\.0-0\.conda/],
  ['another case of the index', 'noarch/RepoData.json', /is like noarch\/repodata\.json/],
  ['another case of a directory', 'NoArch/new-1.0-0.conda', /NoArch is like noarch/],
  ['a Kelvin sign', 'noarch/stays-1.0-0.conda'.replace('s', '\u017f'), /is like noarch\/stays-1\.0-0\.conda/],
  ['a directory in the place of a file', 'noarch/stays-1.0-0.conda/x', /is a file and a directory/],
  ['a file in the place of a directory', 'noarch', /noarch is a file and a directory/],
];

rows.push(
  ...COLLISIONS.map(([what, path, text]) =>
    malformed(`a shipped file that is like another but for ${what}`, text, (draft) => {
      moveFile(draft, NEW, path);
    }),
  ),
  malformed('two shipped files that are one after normalisation', /is like/, (draft) => {
    moveFile(draft, NEW, 'noarch/\u00e9-1-0.conda');
    section(draft.base, 'entries').push({ path: 'noarch/e\u0301-1-0.conda', size: 1, sha256: hashOf('x') });
    section(draft.base, 'entries').sort((a, b) => (String(a['path']) < String(b['path']) ? -1 : 1));
  }),
  malformed('a shipped file that is removed', /stands twice/, (draft) => {
    moveFile(draft, NEW, GONE);
  }),
  malformed('a shipped file twice', /stands? (twice|after)/, (draft) => {
    moveFile(draft, NEW, SAME);
  }),
  malformed('an added file that the base has', /is added but stands in the base/, (draft) => {
    moveFile(draft, NEW, 'noarch/stays-1.0-0.conda');
  }),
  malformed('a replaced file that the base does not have', /does not stand in the base/, (draft) => {
    moveFile(draft, NOTES, 'noarch/notes-2.json');
  }),
  malformed('a removed file that the base does not have', /does not stand in the base/, (draft) => {
    lineOf(draft.manifest, 'removed', GONE)['path'] = 'private.txt';
  }),
  malformed('a removed file with another hash', /does not stand in the base/, (draft) => {
    lineOf(draft.manifest, 'removed', GONE)['sha256'] = hashOf('x');
  }),
);

hostileTable('A hostile update with', rows);
