import { compareUtf8 } from '../paths.js';
import { isVirtual } from './match-spec.js';

/** A record, and where it stands. */
export interface Dependent {
  /** Path of its artifact. */
  readonly path: string;
  /** The subdir that it is for: the last segment of its index directory. */
  readonly subdir: string;
  readonly depends: readonly { readonly spec: string; readonly name: string | undefined }[];
}

/** A name that records depend on and that nothing provides. */
export interface UnmetName {
  readonly name: string;
  /** The subdir whose records need it. */
  readonly subdir: string;
  /** How many records need it. */
  readonly records: number;
  /** Some of them, with what they ask for. */
  readonly examples: readonly { readonly path: string; readonly spec: string }[];
}

/** Names of the packages that the target state has, by subdir. */
export type Provided = ReadonlyMap<string, ReadonlySet<string>>;

export interface Closure {
  /** Sorted by subdir and name. */
  readonly unmet: readonly UnmetName[];
  /** Virtual packages that are asked for: the machine has to provide them. */
  readonly virtual: readonly string[];
  /** Entries of `depends` that do not ask for one name, so that they were not checked. */
  readonly unreadable: readonly string[];
}

const MAX_EXAMPLES = 2;

/**
 * The closure check: which names do records depend on that no package of the target has? A record of a platform finds
 * packages of its own subdir and of `noarch`, of any channel of the repository; one of `noarch` finds those of every
 * subdir, because it may be installed on any. Only names are compared, not versions.
 */
export function closureOf(dependents: Iterable<Dependent>, provided: Provided): Closure {
  const everything = new Set([...provided.values()].flatMap((names) => [...names]));
  const unmet = new Map<string, { name: string; subdir: string; records: number; examples: Example[] }>();
  const virtual = new Set<string>();
  const unreadable = new Set<string>();
  for (const { path, subdir, depends } of dependents) {
    const counted = new Set<string>();
    for (const { spec, name } of depends) {
      if (name === undefined) unreadable.add(spec);
      else if (isVirtual(name)) virtual.add(name);
      else if (!isProvided(name, subdir, provided, everything) && !counted.has(name)) {
        counted.add(name);
        const key = `${subdir}\0${name}`;
        const found = unmet.get(key) ?? { name, subdir, records: 0, examples: [] };
        unmet.set(key, found);
        found.records++;
        if (found.examples.length < MAX_EXAMPLES) found.examples.push({ path, spec });
      }
    }
  }
  return {
    unmet: [...unmet.values()].sort((a, b) => compareUtf8(a.subdir, b.subdir) || compareUtf8(a.name, b.name)),
    virtual: [...virtual].sort(compareUtf8),
    unreadable: [...unreadable].sort(compareUtf8),
  };
}

interface Example {
  readonly path: string;
  readonly spec: string;
}

const EVERYWHERE = 'noarch';

function isProvided(
  name: string,
  subdir: string,
  provided: Provided,
  everything: ReadonlySet<string>,
): boolean {
  if (subdir === EVERYWHERE || subdir === '') return everything.has(name);
  return [subdir, EVERYWHERE, ''].some((place) => provided.get(place)?.has(name) === true);
}
