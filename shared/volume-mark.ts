import type { TarMark } from './tar-entry.js';

/** As many digits of an update id as people are shown of any digest. */
const ID_DIGITS = 12;

/** What a mark says. It proves nothing: it is for messages, and to find out which volume something is taken for. */
export interface MarkedVolume {
  /** The first digits of the update id. */
  readonly update: string;
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

/** Reads a mark that was found; `undefined` when it is none of ours. */
export function parseMark({ owner, group }: TarMark): MarkedVolume | undefined {
  const update = /^update:([0-9a-f]{12})$/.exec(owner)?.[1];
  const [, number, count] = /^volume:([1-9]\d{0,8})-of-([1-9]\d{0,8})$/.exec(group) ?? [];
  if (update === undefined || number === undefined || Number(number) > Number(count)) return undefined;
  return { update, number: Number(number), count: Number(count) };
}

/** The digits of an update id that stand in marks. */
export function markedId(id: string): string {
  return id.slice(0, ID_DIGITS);
}

/**
 * What `tar tvf` shows as owner and group of every entry of a volume: `update:5194a49f2900/volume:1-of-3`. A colon
 * separates the fields of passwd(5) and group(5), so no system has a user or group of such a name, and a `tar` that
 * runs as root falls back to the owner 0 that the header states, too.
 *
 * @param id the update id
 * @param number of the volume, from 1
 * @param count of the update's volumes
 */
export function volumeMark(id: string, number: number, count: number): TarMark {
  return {
    owner: `update:${markedId(id)}`,
    group: `volume:${String(number)}-of-${String(count)}`,
  };
}
