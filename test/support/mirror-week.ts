/**
 * `mirror-week <n>` in the documents' examples: makes ./mirror hold what the mirror job has in week n.
 */
import { resolve } from 'node:path';
import process from 'node:process';
import { writeChannel } from './channel.js';
import { channelOf, WEEK_OPTIONS } from './weeks.js';

await writeChannel(resolve('mirror'), channelOf(Number(process.argv[2])), WEEK_OPTIONS);
