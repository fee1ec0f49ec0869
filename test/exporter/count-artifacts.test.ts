import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactsPerDirectory } from '../../exporter/count-artifacts.js';
import { stateOfContents } from '../support/update.js';

function counts(...paths: string[]): [string, number][] {
  return [...artifactsPerDirectory(stateOfContents(Object.fromEntries(paths.map((path) => [path, path]))))];
}

describe('artifactsPerDirectory', () => {
  it('counts artifacts of every extension, and nothing else, in each directory that has an index or artifacts', () => {
    assert.deepEqual(
      counts(
        'channeldata.json',
        'empty/repodata.json',
        'noarch/a-1-0.conda',
        'noarch/b-1-0.tar.bz2',
        'noarch/c.whl',
        'noarch/conda',
        'noarch/d-1-0.conda.sig',
        'noarch/repodata.json',
        'other/index.html',
      ),
      [
        ['empty', 0],
        ['noarch', 3],
      ],
    );
  });

  it('counts a directory once, though other paths stand between its files', () => {
    assert.deepEqual(
      counts('a/a.conda', 'a/b/c.conda', 'a/bc.conda', 'a/repodata.json', 'aa.conda', 'b.conda'),
      [
        ['a', 2],
        ['a/b', 1],
        ['', 2],
      ],
    );
    assert.deepEqual(counts('repodata.json'), [['', 0]]);
  });
});
