import { createInterface } from 'node:readline';
import process from 'node:process';
import { CondaDiffError } from '../../shared/errors.js';
import { withLock } from '../../shared/lock.js';

// Takes the lock of a repository at each line `go` and holds it until `release`. Prints `taken`, `locked` or `free`.
const [repository = '', command = 'lock-child'] = process.argv.slice(2);
const say = (word: string): void => void process.stdout.write(`${word}\n`);
let release = (): void => undefined;

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'release') release();
  else void take();
});
say('ready');

async function take(): Promise<void> {
  try {
    await withLock(repository, command, () => {
      say('taken');
      return new Promise<void>((resolve) => (release = resolve));
    });
    say('free');
  } catch (error) {
    say(error instanceof CondaDiffError ? error.code : String(error));
  }
}
