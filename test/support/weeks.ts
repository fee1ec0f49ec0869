import { type ChannelOptions, type ChannelSpec } from './channel.js';

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

/** Which files the channel of the examples has besides. */
export const WEEK_OPTIONS: ChannelOptions = { zst: true, channeldata: true };

/**
 * The channel of the demo and of the documents' examples, as the mirror job has it in week `week`, from 1. Week 1 and 2 differ in all that an update can carry; each later week adds one version of one package.
 */
export function channelOf(week: number): ChannelSpec {
  const known = WEEKS[Math.min(week, WEEKS.length) - 1] as ChannelSpec;
  const later = Array.from({ length: Math.max(0, week - WEEKS.length) }, (_, i) => ({
    name: 'gecko',
    version: `1.${String(i)}`,
  }));
  return { ...known, 'linux-64': [...(known['linux-64'] ?? []), ...later] };
}
