/** A part of a version: numerals as their digits without leading zeros, letters as they are. */
type Atom = string;
type Segment = readonly Atom[];

interface Version {
  readonly segments: readonly Segment[];
  readonly local: readonly Segment[];
}

/**
 * Orders two versions as conda does (conda's documentation, "Version ordering"): case does not matter; an epoch `1!` comes
 * first, a local part `+…` last; segments between `.`, `_` and `-` are runs of digits and letters; `dev` < other
 * letters < digits < `post`; what is missing counts as 0. So `1.0dev` < `1.0a1` < `1.0` = `1` < `1.0.1` < `1.0post1`.
 *
 * It takes any text: what conda would refuse as a version has some place, too.
 *
 * @returns negative, 0 or positive
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  return compareLists(x.segments, y.segments) || compareLists(x.local, y.local);
}

/** A text that is equal for equal versions: `1.0` and `1` give the same. */
export function versionKey(version: string): string {
  const { segments, local } = parseVersion(version);
  return [segments, local]
    .map((list) =>
      trimmed(
        list.map((one) => trimmed(one, '0').join(' ')),
        '',
      ).join('.'),
    )
    .join('+');
}

/** Without what counts as nothing at the end. */
function trimmed(items: readonly string[], nothing: string): readonly string[] {
  const end = items.findLastIndex((item) => item !== nothing);
  return items.slice(0, end + 1);
}

function parseVersion(text: string): Version {
  const [, epoch = '0', release = '', local] =
    /^(?:(\d+)!)?([^+]*)(?:\+(.*))?$/s.exec(text.trim().toLowerCase()) ?? [];
  return {
    segments: [[numeral(epoch)], ...splitRelease(release).map(splitSegment)],
    local: local === undefined ? [] : local.split(/[._-]/).map(splitSegment),
  };
}

/** An underscore at the end belongs to the last segment: openssl's `1.0.1_` comes before `1.0.1a`. */
function splitRelease(release: string): string[] {
  const tail = /[_-]$/.test(release) ? '_' : '';
  const segments = release.slice(0, release.length - tail.length).split(/[._-]/);
  return [...segments.slice(0, -1), (segments.at(-1) ?? '') + tail];
}

/** Runs of digits and of others; one that begins with letters gets a 0 first: `a` means `0a`. */
function splitSegment(segment: string): Segment {
  const atoms = (segment.match(/\d+|\D+/g) ?? []).map((run) => (isNumeral(run) ? numeral(run) : run));
  return isNumeral(segment.charAt(0)) ? atoms : ['0', ...atoms];
}

function isNumeral(text: string): boolean {
  return /^\d/.test(text);
}

function numeral(digits: string): Atom {
  return digits.replace(/^0+(?=\d)/, '');
}

function compareLists(a: readonly Segment[], b: readonly Segment[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareSegments(a[i] ?? [], b[i] ?? []);
    if (order !== 0) return order;
  }
  return 0;
}

function compareSegments(a: Segment, b: Segment): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareAtoms(a[i] ?? '0', b[i] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

function compareAtoms(a: Atom, b: Atom): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks;
  if (isNumeral(a) && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(atom: Atom): number {
  if (atom === 'dev') return 0;
  if (atom === 'post') return 3;
  return isNumeral(atom) ? 2 : 1;
}
