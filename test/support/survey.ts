import type { IndexDirectory } from '../../shared/read-index.js';
import type { Survey } from '../../shared/read-state.js';
import { kindByName } from '../../shared/rules.js';
import { directoryOf } from '../../shared/paths.js';
import { type Contents, stateOfContents } from './update.js';

/** The survey of a repository that has these files and of which each repodata.json names all artifacts beside it. */
export function surveyOf(contents: Contents, findings: Partial<Survey> = {}): Survey {
  const state = stateOfContents(contents);
  const directories = [...state]
    .filter(({ path }) => /(^|\/)repodata\.json$/.test(path))
    .map(({ path }) => directoryOf(path));
  const kindOf: Survey['kindOf'] = (path) => kindByName(path, (directory) => directories.includes(directory));
  const indexes = directories.map((directory): IndexDirectory => {
    const beside = [...state].filter(({ path }) => directoryOf(path) === directory);
    const repodata = beside.find(({ path }) => path.endsWith('repodata.json'))!;
    const artifacts = beside.filter(({ path }) => kindOf(path) === 'artifact').length;
    return {
      directory,
      artifacts,
      repodata,
      extensions: [],
      external: [],
      refused: [],
      unreadable: [],
    };
  });
  return {
    ...{ state, kindOf, indexes, source: (path) => path },
    ...{
      missing: [],
      gone: [],
      mismatched: [],
      trusted: 0,
      conflicts: [],
      refused: [],
      unreadable: [],
      external: [],
    },
    ...{ unindexed: [], withoutRepodata: [], strayLinks: [] },
    ...findings,
  };
}
