import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Version } from '@conda-org/rattler';
import fc from 'fast-check';
import { compareVersions, versionKey } from '../../../shared/report/version-order.js';

/** From conda's documentation of its order, least first; equal ones in one entry. */
const ASCENDING: readonly (readonly string[])[] = [
  ['0.4', '0.4.0', '0.04'],
  ['0.4.1.rc', '0.4.1.RC'],
  ['0.4.1'],
  ['0.5a1'],
  ['0.5b3', '0.5B3'],
  ['0.5C1', '0.5c1'],
  ['0.5'],
  ['0.9.6'],
  ['0.960923'],
  ['1.0'],
  ['1.1dev1'],
  ['1.1_'],
  ['1.1a1'],
  ['1.1.dev1', '1.1.0dev1'],
  ['1.1.a1'],
  ['1.1.0rc1'],
  ['1.1', '1.1.0', '1.1.0.0'],
  ['1.1+1'],
  ['1.1.0post1', '1.1.post1'],
  ['1.1post1'],
  ['1996.07.12'],
  ['1!0.4.1'],
  ['1!3.1.1.6'],
  ['2!0.4.1'],
  [`2!${'9'.repeat(30)}`],
];

test('versions are ordered as conda documents it', () => {
  const flat = ASCENDING.flatMap((versions, rank) => versions.map((version) => ({ version, rank })));
  for (const a of flat) {
    for (const b of flat) {
      const found = Math.sign(compareVersions(a.version, b.version));
      assert.equal(found, Math.sign(a.rank - b.rank), `${a.version} against ${b.version}`);
      assert.equal(versionKey(a.version) === versionKey(b.version), a.rank === b.rank);
    }
  }
});

test('the order is that of a real client, and any text has a place', () => {
  const segment = fc.stringMatching(/^[0-9]{1,3}(a|rc|dev|post|b)?[0-9]{0,2}$/);
  const separator = fc.constantFrom('.', '.', '_');
  const version = fc
    .tuple(
      fc.constantFrom('', '', '1!'),
      fc.array(fc.tuple(segment, separator), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '', '+1', '+abc.2'),
    )
    .map(
      ([epoch, parts, local]) =>
        epoch +
        parts
          .map((pair) => pair.join(''))
          .join('')
          .slice(0, -1) +
        local,
    );
  fc.assert(
    fc.property(version, version, (a, b) => {
      const order = Math.sign(compareVersions(a, b));
      assert.equal(order, new Version(a).compare(new Version(b)), `${a} ${b}`);
      assert.equal(versionKey(a) === versionKey(b), order === 0, `${a} ${b}`);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0);
      assert.equal(compareVersions(a, a), 0);
    }),
  );
});
