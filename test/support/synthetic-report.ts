import { createHash } from 'node:crypto';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { diffStates } from '../../shared/diff.js';
import { type Manifest, orderOf, updateId } from '../../shared/manifest.js';
import { totalsOf } from '../../shared/reference.js';
import { RepodataScanner } from '../../shared/repodata-scan.js';
import {
  FINDINGS_FIELDS,
  type IndexFindings,
  IndexFindingsCollector,
} from '../../shared/report/index-findings.js';
import { indexSources, recordsWanted } from '../../shared/report/index-sources.js';
import { makeReport, type Report } from '../../shared/report/report.js';
import { kindByName } from '../../shared/rules.js';
import { type Entry, type State, stateOf } from '../../shared/state.js';

const STEMS =
  'numpy scipy pandas openssl zlib curl sqlite python hdf5 gdal proj geos arrow boost protobuf grpc abseil icu libxml2 qt pillow tornado jinja2 requests urllib3 pytest sphinx click rich polars xarray dask numba llvm cmake ninja ffmpeg opencv vtk';
const FORMS = ['%', 'lib%', '%-core', '%-base', 'r-%', 'perl-%', '%-dev', '%-tests', '%-static', 'py%'];
const LICENCES = [
  'BSD-3-Clause',
  'MIT',
  'Apache-2.0',
  'GPL-3.0-or-later',
  'Zlib',
  'LGPL-2.1-only',
  'PSF-2.0',
];
const SUBDIRS = [
  'conda-forge/linux-64',
  'conda-forge/noarch',
  'conda-forge/osx-arm64',
  'lab/label/dev/linux-64',
];

interface Made {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly licence: string | undefined;
  readonly depends: readonly string[];
  /** Bytes, and what the content depends on. */
  readonly size: number;
  readonly content: string;
}

/** A report of an update that ships and removes so many artifacts, of every kind; the same number, the same report. */
export function syntheticReport(artifacts: number): Report {
  const [before, after]: [Made[], Made[]] = [[], []];
  for (let n = 0; n < artifacts; n++) happen(n, before, after);
  for (const directory of SUBDIRS)
    for (const stem of ['python', 'six']) {
      const kept = packageOf(0, {
        directory,
        name: stem,
        depends: directory.endsWith('noarch') ? ['r-zlib'] : [],
      });
      before.push(kept);
      after.push(kept);
    }
  return reportBetween(before, after);
}

/** The n-th thing that happens: of 20, four packages are new, eleven updated, two rebuilt, one replaced, two removed. */
function happen(n: number, before: Made[], after: Made[]): void {
  const made = packageOf(n);
  const step = n % 20;
  if (step < 4) after.push({ ...made, licence: n % 200 === 3 ? 'SSPL-1.0' : made.licence });
  else if (step < 15) {
    const [old, other] = [earlier(made.version), made.build.replace('py312', 'py313')];
    before.push({ ...made, version: old });
    after.push(made, { ...made, build: other }, { ...made, version: old });
  } else if (step < 17) {
    before.push(made);
    after.push(made, { ...made, build: made.build.replace(/0$/, '1') });
  } else if (step === 17) {
    before.push({ ...made, content: 'before' });
    after.push(made);
  } else before.push(made);
}

function packageOf(n: number, more: Partial<Made> = {}): Made {
  const stems = STEMS.split(' ');
  const form = FORMS[Math.floor(n / stems.length) % FORMS.length]!;
  const round = Math.floor(n / (stems.length * FORMS.length));
  const stem = stems[(n * 7) % stems.length]!;
  const random = createHash('sha256').update(String(n)).digest();
  return {
    directory: SUBDIRS[random[0]! % SUBDIRS.length]!,
    name: form.replace('%', stem) + (round === 0 ? '' : `-${String(round)}`),
    version: `${String(random[1]! % 12)}.${String(random[2]! % 30)}.${String(1 + (random[3]! % 9))}`,
    build: `${['py312', 'py313', ''][random[4]! % 3]!}h${random.toString('hex', 5, 9).slice(0, 7)}_0`,
    licence: random[9]! < 8 ? undefined : LICENCES[random[10]! % LICENCES.length],
    depends: ['python >=3.12', '__glibc >=2.17', ...(n % 250 === 42 ? ['absent-library >=2,<3'] : [])],
    size: 8_000 + Math.floor(2 ** (random.readUInt16BE(11) / 2800)),
    content: 'after',
    ...more,
  };
}

function earlier(version: string): string {
  return version.replace(/\d+$/, (last) => String(Number(last) - 1));
}

function pathOf({ directory, name, version, build }: Made): string {
  return `${directory}/${name}-${version}-${build}.conda`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function stateOfPackages(packages: readonly Made[]): State {
  const artifacts = new Map(
    packages.map((made) => [
      pathOf(made),
      { path: pathOf(made), size: made.size, sha256: sha256(pathOf(made) + made.content) },
    ]),
  );
  const indexes = SUBDIRS.map((directory): Entry => {
    const text = repodataOf(packages, directory);
    return { path: `${directory}/repodata.json`, size: text.length, sha256: sha256(text) };
  });
  return stateOf([...artifacts.values(), ...indexes]);
}

function repodataOf(packages: readonly Made[], directory: string): string {
  const records: Record<string, object> = {};
  for (const made of packages) {
    if (made.directory !== directory) continue;
    const { name, version, build, licence, depends } = made;
    records[pathOf(made).slice(directory.length + 1)] = { name, version, build, license: licence, depends };
  }
  return JSON.stringify({ info: {}, 'packages.conda': records });
}

function reportBetween(before: readonly Made[], after: readonly Made[]): Report {
  const states = { base: stateOfPackages(before), target: stateOfPackages(after) };
  const manifest = manifestBetween(states.base, states.target);
  const wanted = recordsWanted(manifest, states.target);
  const sources = indexSources(manifest, states);
  const read = (of: 'base' | 'target'): IndexFindings[] =>
    sources
      .filter((source) => source.of === of)
      .map(({ directory }) => {
        const collector = new IndexFindingsCollector(directory, wanted[of]);
        const scanner = new RepodataScanner(directory, collector, FINDINGS_FIELDS);
        scanner.push(Buffer.from(repodataOf(of === 'base' ? before : after, directory)));
        scanner.end();
        return collector.findings();
      });
  return makeReport({
    manifest,
    manifestFile: { name: 'update.manifest.json', size: 1_234_567, sha256: sha256('manifest') },
    volumes: manifest.volumes.map((volume) => ({ ...volume, found: true })),
    baseReference: { ...manifest.baseReference, found: true },
    ...{
      signatures: [],
      verified: [],
      states,
      targetIndexes: read('target'),
      baseIndexes: read('base'),
      unread: [],
    },
  });
}

function manifestBetween(base: State, target: State): Manifest {
  const { added, replaced, removed } = diffStates(base, target);
  const files = [
    ...added,
    ...replaced.map(({ before, after }) => ({
      ...after,
      replaces: { size: before.size, sha256: before.sha256 },
    })),
  ]
    .map((file) => ({ ...file, kind: kindByName(file.path, () => true), mtime: 1_700_000_000 }))
    .sort((a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
  const size = files.reduce((sum, file) => sum + file.size + 1024, 1024);
  return {
    ...{ rules: 1, globs: { ignore: [], include: [] }, site: 'plant-7', sequence: 42 },
    id: updateId('plant-7', 42, base.digest, target.digest),
    base: { ...totalsOf(base), scope: 'all', ignore: [], include: [] },
    target: totalsOf(target),
    baseReference: { name: 'update.base.json.gz', size: 345_678, sha256: sha256('base') },
    ...{ generator: 'conda-diff 0.1.0', created: '2026-03-02T06:00:12Z' },
    volumes: [{ name: 'update.tar', size, sha256: sha256('archive'), files: files.length }],
    ...{ files, removed, absent: [], lineage: [] },
  };
}
