import { formatCount } from '../figures.js';
import { hasPartialBase } from '../manifest.js';
import type { ReportInput } from './report.js';

/** What a report could not check, one sentence each; what it never checks is among it. */
export function uncheckedNotes({ manifest, volumes, baseReference, states, unread }: ReportInput): string[] {
  const missing = volumes.filter(({ found }) => !found).map(({ name }) => name);
  const others =
    manifest.files.length - manifest.files.filter(({ path }) => path.endsWith('repodata.json')).length;
  return [
    ...(missing.length === 0
      ? [
          `The content of ${formatCount(others, 'file')} in the archive was not hashed: conda-diff-import check does that, and so does every import before it changes anything`,
        ]
      : [
          `${missing.join(', ')} was not there: names and versions are those of file names, licences and dependencies are not known`,
        ]),
    ...(baseReference.found || states !== undefined
      ? []
      : [
          `${baseReference.name} was not there: what the repository had before is not known, so nothing can be told to be updated or rebuilt`,
        ]),
    ...(hasPartialBase(manifest)
      ? ['The base is known in part only: what is called new may have been there before']
      : []),
    ...unread.map(
      ({ path, of, reason }) =>
        `${path} of the ${of === 'base' ? 'state before' : 'target'} was not read: ${reason}`,
    ),
    'Dependencies are compared by name, not by version; packages of every channel in the repository count',
  ];
}
