import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Globs, NO_GLOBS } from '../../shared/globs.js';
import { HashCache } from '../../shared/hash-cache.js';
import { type ReadOptions, readState, type Survey } from '../../shared/read-state.js';
import { hashOf } from '../support/arbitrary.js';
import { copyTree, temporaryDirectory } from '../support/channel.js';
import { plainSurvey, type PlainSurvey } from '../support/plain-survey.js';
import { type Contents, writeFiles } from '../support/update.js';

/** Few, so that they meet. Some are not tracked, some only in certain ways. */
const NAMES = [
  ...['a-1-0.conda', 'a-1-0.tar.bz2', 'b.conda', 'b.zip', 'c.whl', 'aux.conda', 'dev.conda', 'A-1-0.conda'],
  ...['x.manifest.json.conda', 'é.conda', '.d.conda', 'e.conda.part', 'index.html', 'current_repodata.json'],
  ...['channeldata.json', 'with space.conda', 'notes.txt', 'z~1.conda'],
];
const DIRECTORIES = ['noarch', 'chan/linux-64', 'chan', 'pool', 'chan/linux-64/deep'];

const text = fc.constantFrom('', 'a', 'bb');
const name = fc.constantFrom(...NAMES, 'x/y.conda', 'repodata.json', '..');

/** What a record says of a file with the text: the truth, too little, or something else. */
const record = fc.record(
  {
    size: fc.constantFrom(0, 1, 2),
    sha256: text.map((one) => hashOf(one)),
    md5: fc.constantFrom('0cc175b9c0f1b6a831c399e269772661', 'D41D8CD98F00B204E9800998ECF8427E'),
  },
  { requiredKeys: [] },
);
const wheel = fc.tuple(
  record,
  fc.record(
    { url: fc.constantFrom('w.whl', '../pool/w.whl', 'https://x/w.whl', 'c.whl'), fn: name },
    { requiredKeys: [] },
  ),
);
const bucket = fc.dictionary(name, record, { maxKeys: 6, noNullPrototype: true });

const index = fc
  .record(
    {
      info: fc.record(
        { base_url: fc.constantFrom('./', '../pool', 'https://x/', '/x', '../../../..') },
        { requiredKeys: [] },
      ),
      packages: bucket,
      'packages.conda': bucket,
      removed: fc.array(name, { maxLength: 3 }),
      v3: fc.record(
        {
          conda: fc.dictionary(fc.constantFrom('a-1-0', 'b', 'v'), record, {
            maxKeys: 2,
            noNullPrototype: true,
          }),
          zip: fc.dictionary(fc.constantFrom('b', 'v'), record, { maxKeys: 2, noNullPrototype: true }),
          whl: fc
            .dictionary(fc.constantFrom('c', 'w'), wheel, { maxKeys: 2, noNullPrototype: true })
            .map((records) =>
              Object.fromEntries(Object.entries(records).map(([key, [a, b]]) => [key, { ...a, ...b }])),
            ),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));

const repository: fc.Arbitrary<Contents> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...DIRECTORIES), index, { minKeys: 1, noNullPrototype: true }),
    fc.dictionary(
      fc.tuple(fc.constantFrom(...DIRECTORIES), fc.constantFrom(...NAMES)).map((parts) => parts.join('/')),
      text,
      { maxKeys: 25, noNullPrototype: true },
    ),
  )
  .map(([indexes, files]) => ({
    ...files,
    ...Object.fromEntries(Object.entries(indexes).map(([place, one]) => [`${place}/repodata.json`, one])),
  }));

const globs: fc.Arbitrary<Globs> = fc.record({
  ignore: fc.subarray(['**/b.*', 'noarch/**', '**/index.html'], { maxLength: 1 }),
  include: fc.subarray(['**/*.txt', 'pool/*', 'chan/**'], { maxLength: 1 }),
});

const sorted = (list: readonly string[]): string[] => [...list].sort();

function plain(survey: Survey): PlainSurvey {
  return {
    lines: [...survey.state].map(({ path, sha256 }) => `${sha256}  ${path}`),
    missing: survey.missing,
    gone: survey.gone,
    mismatched: survey.mismatched.map(({ path }) => path),
    conflicts: survey.conflicts,
    unindexed: survey.unindexed,
    refused: survey.refused,
    external: survey.external,
    artifacts: Object.fromEntries(survey.indexes.map(({ directory, artifacts }) => [directory, artifacts])),
  };
}

/** Of which of two contradicting records counts, nothing is promised but that they are reported. */
function withoutConflicts({ lines, mismatched, ...rest }: PlainSurvey): PlainSurvey {
  const isDoubtful = (path: string): boolean => rest.conflicts.includes(path);
  return {
    ...rest,
    lines: lines.filter((line) => !isDoubtful(line.slice(66))),
    mismatched: mismatched.filter((path) => !isDoubtful(path)),
  };
}

function assertSame(found: Survey, expected: PlainSurvey): void {
  const unordered = (survey: PlainSurvey): unknown => {
    const { lines, artifacts, ...lists } = withoutConflicts(survey);
    return {
      lines,
      artifacts,
      ...Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, sorted(list as string[])])),
    };
  };
  assert.deepEqual(unordered(plain(found)), unordered(expected));
}

async function read(root: string, options: Partial<ReadOptions>): Promise<Survey> {
  return readState(root, { globs: NO_GLOBS, cache: await HashCache.open(root), ...options });
}

describe('readState and a plain reader agree', () => {
  const agreeing = (options: Partial<ReadOptions>, numRuns: number): (() => Promise<void>) => {
    return async () => {
      await fc.assert(
        fc.asyncProperty(repository, globs, async (files, chosen) => {
          const root = await mkdtemp(join(tmpdir(), 'conda-diff-'));
          try {
            await writeFiles(root, files);
            assertSame(await read(root, { globs: chosen, ...options }), plainSurvey(root, chosen));
          } finally {
            await rm(root, { recursive: true });
          }
        }),
        { numRuns },
      );
    };
  };
  it('on any repository, read in this thread', agreeing({ threads: false }, 100));
  it('on any repository, read in other threads', agreeing({ threads: true }, 5));
});

describe('readState and a plain reader agree on real channels:', () => {
  const channels = process.env['CONDA_DIFF_CHANNELS'];
  if (channels === undefined) {
    it('all of them', (t) => t.skip('CONDA_DIFF_CHANNELS does not name a folder of real channels'));
    return;
  }
  for (const item of readdirSync(channels, { withFileTypes: true })) {
    if (!item.isDirectory()) continue;
    it(item.name, async () => {
      const root = resolve(channels, item.name);
      for (const threads of [false, true])
        assertSame(await read(root, { threads }), plainSurvey(root, NO_GLOBS));
    });
  }
  it('indexes without their files', async (t) => {
    const folder = join(dirname(resolve(channels)), 'repodata');
    if (!existsSync(folder)) return t.skip('There are none beside the channels');
    const root = await temporaryDirectory(t);
    await copyTree(folder, root);
    const survey = await read(root, { threads: true });
    assert.ok(survey.missing.length + survey.unreadable.length > 0);
  });
});
