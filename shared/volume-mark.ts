import type { TarMark } from './tar-entry.js';

/** As many digits of an update id as people are shown of any digest. */
const ID_DIGITS = 12;

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
    owner: `update:${id.slice(0, ID_DIGITS)}`,
    group: `volume:${String(number)}-of-${String(count)}`,
  };
}
