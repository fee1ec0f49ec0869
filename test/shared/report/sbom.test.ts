import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import { parseArtifactName } from '../../../shared/report/artifact-name.js';
import { purlOf } from '../../../shared/report/purl.js';
import { cyclonedx } from '../../../shared/report/sbom.js';
import { syntheticReport } from '../../support/synthetic-report.js';

interface Sbom {
  readonly serialNumber: string;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: { readonly properties: readonly { readonly name: string; readonly value: string }[] };
  };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly purl: string;
    readonly hashes: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses?: readonly object[];
    readonly properties: readonly { readonly name: string; readonly value: string }[];
  }[];
}

const report = syntheticReport(200);

async function faults(text: string): Promise<unknown> {
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
}

test('an SBOM has a component for each artifact that is shipped, and names what is removed', async () => {
  const text = cyclonedx(report, '0.1.0');
  assert.equal(await faults(text), null);
  assert.notEqual(
    await faults(text.replace('"alg": "SHA-256"', '"alg": "SHA-255"')),
    null,
    'the validator works',
  );
  const { components, metadata } = JSON.parse(text) as Sbom;
  const shipped = report.files.filter(({ kind }) => kind === 'artifact');
  assert.deepEqual(
    components.map((one) => [one['bom-ref'], one.hashes[0]?.content]).sort(),
    shipped.map(({ path, sha256 }) => [path, sha256]).sort(),
  );
  const changes = new Set(
    components
      .flatMap(({ properties }) => properties)
      .filter(({ name }) => name === 'conda-diff:change')
      .map(({ value }) => value),
  );
  assert.deepEqual([...changes].sort(), ['new', 'rebuilt', 'replaced', 'updated']);
  const removed = metadata.component.properties.filter(({ name }) => name === 'conda-diff:removed');
  assert.equal(removed.length, report.removed.length);
  assert.deepEqual(
    removed.map(({ value }) => PackageURL.fromString(value).qualifiers?.['checksum']).sort(),
    report.removed.map(({ sha256 }) => `sha256:${sha256}`).sort(),
  );
});

test('the same update gives the same SBOM, another one another serial number', () => {
  const text = cyclonedx(report, '0.1.0');
  assert.equal(cyclonedx(syntheticReport(200), '0.1.0'), text);
  const [one, other] = [text, cyclonedx(syntheticReport(201), '0.1.0')].map(
    (sbom) => JSON.parse(sbom) as Sbom,
  );
  assert.notEqual(one?.serialNumber, other?.serialNumber);
  assert.equal(one?.metadata.timestamp, new Date(report.update.created).toISOString());
});

test('licences are SPDX ids or expressions where they are that, else names', async () => {
  const [change] = report.changes;
  const stating = (licence: string): string => {
    const artifacts = [{ ...change!.artifacts[0]!, licence }];
    return cyclonedx({ ...report, changes: [{ ...change!, artifacts }] }, '0.1.0');
  };
  const cases: readonly (readonly [string, object])[] = [
    ['MIT', { license: { id: 'MIT' } }],
    ['apache-2.0', { license: { id: 'Apache-2.0' } }],
    [
      'MIT OR GPL-2.0-only WITH Classpath-exception-2.0',
      { expression: 'MIT OR GPL-2.0-only WITH Classpath-exception-2.0' },
    ],
    ['LicenseRef-Proprietary', { expression: 'LicenseRef-Proprietary' }],
    ['Three-clause BSD', { license: { name: 'Three-clause BSD' } }],
    ['\u0000<b>\ud800', { license: { name: '\u0000<b>\ud800' } }],
  ];
  for (const [licence, expected] of cases) {
    const text = stating(licence);
    assert.equal(await faults(text), null, licence);
    const licenses = (JSON.parse(text) as Sbom).components[0]?.licenses?.[0];
    assert.deepEqual(licenses, expected);
  }
});

test('purls are those of the specification', () => {
  const purl = (path: string): string =>
    purlOf({ path, size: 1, sha256: '', licence: undefined, ...parseArtifactName(path) });
  assert.equal(
    purl('main/linux-64/absl-py-0.4.1-py36h06a4308_0.tar.bz2'),
    'pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&channel=main&subdir=linux-64&type=tar.bz2',
  );
  assert.equal(purl('noarch/six-1.16-0.conda'), 'pkg:conda/six@1.16?build=0&subdir=noarch&type=conda');
  const back = PackageURL.fromString(purl('a/label/dev/noarch/x-1!2+b-0.conda'));
  assert.deepEqual([back.version, back.qualifiers?.['channel']], ['1!2+b', 'a/label/dev']);
});
