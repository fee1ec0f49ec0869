import { join } from 'node:path';
import { writeChannel } from './channel.js';
import { channelOf, WEEK_OPTIONS } from './weeks.js';

/** `mirror-week <n>` of the documents' examples: makes `mirror` in `folder` hold what the mirror job has in week n. */
export async function mirrorWeek(folder: string, week: number): Promise<void> {
  await writeChannel(join(folder, 'mirror'), channelOf(week), WEEK_OPTIONS);
}
