import fc from 'fast-check';

// Arbitrary repodata.json texts, written out by hand: in any order, spelling and spacing, with repeated keys. The
// shapes are right; what is random is everything that JSON leaves open.

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n    ');
const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('packages', 'sha256', 'size', '__proto__', 'constructor', '', '\ud800', 'a"\\\n\u0000/'),
);

/** A string as a literal whose characters are escaped or not. */
function quotedOf(value: string, styles: readonly number[]): string {
  const units = Array.from(value).map((char, index) => {
    const style = styles[index % styles.length] ?? 0;
    if (style === 1) return char.split('').map(escapeUnit).join('');
    if (style === 2 && char === '/') return '\\/';
    return JSON.stringify(char).slice(1, -1);
  });
  return `"${units.join('')}"`;
}

function escapeUnit(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${hex.slice(0, 2)}${hex.slice(2).toUpperCase()}`;
}

function quoted(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const styles = fc.oneof(
    { weight: 3, arbitrary: fc.constant([0]) },
    fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
  );
  return fc.tuple(value, styles).map(([chars, style]) => quotedOf(chars, style));
}

function list(open: string, close: string, items: fc.Arbitrary<string[]>): fc.Arbitrary<string> {
  return fc
    .tuple(items, space, space)
    .map(([parts, a, b]) => `${open}${a}${parts.join(`${b},${a}`)}${b}${close}`);
}

function member(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(quoted(key), space, space, value).map(([name, a, b, it]) => `${name}${a}:${b}${it}`);
}

function objectOf(members: fc.Arbitrary<string>, maxLength = 5): fc.Arbitrary<string> {
  return list('{', '}', fc.array(members, { maxLength }));
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom('0', '-0', '1e5', '1E+2', '0.5e-3', '-12.25', '123456789012345678901234567890'),
);
const { junk } = fc.letrec<{ junk: string }>((tie) => ({
  junk: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null'),
    number,
    quoted(text),
    list('[', ']', fc.array(tie('junk'), { maxLength: 4 })),
    objectOf(member(text, tie('junk')), 4),
  ),
}));

function orNull(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 5, arbitrary: value }, fc.constant('null'));
}

function hash(digits: number): fc.Arbitrary<string> {
  const digit = fc.constantFrom(...Array.from('0123456789abcdefABCDEF'));
  return orNull(quoted(fc.string({ unit: digit, minLength: digits, maxLength: digits })));
}

const size = fc.oneof(fc.maxSafeNat().map(String), fc.constantFrom('0', '-0', '7e2', '7.0', '70E-1'));
const field = fc.oneof(
  member(fc.constant('sha256'), hash(64)),
  member(fc.constant('md5'), hash(32)),
  member(fc.constant('size'), orNull(size)),
  member(fc.constantFrom('url', 'fn'), fc.oneof(quoted(text), junk)),
  member(fc.constantFrom('depends', 'packages', 'removed', 'x', 'size ', 'md4', 'urn'), junk),
);
const bucket = orNull(objectOf(member(text, objectOf(field, 6)), 4));
const section = fc.oneof(
  member(fc.constantFrom('packages', 'packages.conda'), bucket),
  member(fc.constantFrom('packages', 'packages.conda'), bucket),
  member(
    fc.constant('v3'),
    orNull(objectOf(member(fc.constantFrom('whl', 'conda', 'tar.bz2', ''), bucket), 3)),
  ),
  member(fc.constant('removed'), orNull(list('[', ']', fc.array(quoted(text), { maxLength: 3 })))),
  member(
    fc.constant('info'),
    orNull(
      objectOf(
        fc.oneof(member(fc.constant('base_url'), orNull(quoted(text))), member(fc.constant('subdir'), junk)),
        3,
      ),
    ),
  ),
  member(fc.constantFrom('repodata_version', 'signatures', 'x', 'Packages'), junk),
);

/** Texts of repodata.json whose shapes are right; equal keys can repeat at every level. */
export const repodataTexts = fc
  .tuple(space, objectOf(section, 6), space)
  .map(([before, document, after]) => before + document + after);
