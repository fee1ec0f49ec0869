/**
 * The mirror of the documents' examples: `mirror-week <n>` makes ./mirror hold what the mirror job has in week n.
 */
import { resolve } from 'node:path';
import process from 'node:process';
import { type ChannelSpec, writeChannel } from './channel.js';

const WEEKS: readonly ChannelSpec[] = [
  {
    noarch: [
      { name: 'alpaca' },
      { name: 'bonobo', depends: ['alpaca'] },
      { name: 'caiman' },
      { name: 'dormouse', version: '2.1' },
    ],
    'linux-64': [{ name: 'eagle' }, { name: 'falcon', depends: ['eagle'] }],
  },
  {
    noarch: [
      { name: 'alpaca' },
      { name: 'bonobo', depends: ['alpaca'] },
      { name: 'dormouse', version: '2.1' },
      { name: 'dormouse', version: '2.2' },
    ],
    'linux-64': [
      { name: 'eagle', files: { 'share/eagle.txt': 'the same file name, another content\n' } },
      { name: 'falcon', depends: ['eagle'] },
    ],
  },
];

/** Week 1 and 2 differ in all that an update can carry; each later week adds one version of one package. */
export function channelOf(week: number): ChannelSpec {
  const known = WEEKS[Math.min(week, WEEKS.length) - 1] as ChannelSpec;
  const later = Array.from({ length: Math.max(0, week - WEEKS.length) }, (_, i) => ({
    name: 'gecko',
    version: `1.${String(i)}`,
  }));
  return { ...known, 'linux-64': [...(known['linux-64'] ?? []), ...later] };
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1) ?? '')) {
  const week = Number(process.argv[2]);
  await writeChannel(resolve('mirror'), channelOf(week), { zst: true, channeldata: true });
}
