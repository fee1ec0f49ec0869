import type { ChangeKind } from './changes.js';

/** How reports call what happens. */
export const KIND_NAMES: Readonly<Record<ChangeKind, string>> = {
  new: 'New',
  updated: 'Updated',
  rebuilt: 'Rebuilt',
  replaced: 'Replaced',
  removed: 'Removed',
};

/** What these words mean, for whoever does not know them. */
export const KIND_MEANINGS: Readonly<Record<ChangeKind, string>> = {
  new: 'The repository has no package of this name in this subdir yet.',
  updated:
    'It has the package, but not this version. The version before the arrow is the newest that it has.',
  rebuilt: 'It has this version in another build or file format.',
  replaced: 'The same file name gets another content. In a sound channel this does not happen.',
  removed: 'The channel does not have it any more.',
};

/** How a directory is called: '' is the repository. */
export function directoryName(directory: string): string {
  return directory === '' ? '(the repository)' : directory;
}

/** How a licence is called that is not stated. */
export const NO_LICENCE = 'none stated';
