/** What is typed on the online side, as every refusal of an update or an undo says it last. */
import { shellWord } from '../shared/shell-word.js';

/**
 * @param site of the copy; `undefined` where none is known, so that the exporter takes its own
 * @param base as `--base` takes it
 */
export function onlineCommand(site: string | undefined, base: string): string {
  const flag = site === undefined ? '' : ` --site ${site}`;
  return `conda-diff-export create <repository>${flag} --base ${base}`;
}

/** How to have files repaired that are not what they should be. */
export function byTicket(repository: string): string[] {
  return [
    'Write down what is on the disk, and have an update made from that: it carries exactly what is wrong:',
    `  here:   conda-diff-import reference ${shellWord(repository)} --deep -o ticket.json`,
    `  online: ${onlineCommand(undefined, 'ticket.json')}`,
  ];
}

/** How to make an update that starts from what the copy has, whatever the exporter knows. */
export function byReference(repository: string, site: string | undefined): string[] {
  return [
    'Carry a reference of this copy over, and on the online side make an update that starts from it:',
    `  here:   conda-diff-import reference ${shellWord(repository)} -o reference.json`,
    `  online: ${onlineCommand(site, 'reference.json')}`,
  ];
}
