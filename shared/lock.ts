import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';
import {
  describeHolder,
  type Holder,
  holderNow,
  isAlive,
  isHere,
  lockOf,
  parseHolder,
} from './lock-holder.js';
import { STATE_DIRECTORY } from './rules.js';

/**
 * Runs `work` while no other run of ours writes to the repository or its state.
 *
 * @param repository absolute path; its `.conda-diff` is created (0700) when it is not there
 * @throws CondaDiffError locked, naming the holder; io
 */
export async function withLock<T>(repository: string, command: string, work: () => Promise<T>): Promise<T> {
  const directory = join(repository, STATE_DIRECTORY);
  const file = lockOf(repository);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const holder = await take(file, file, holderNow(command));
    if (holder !== undefined) throw locked(file, holder);
  } catch (error) {
    throw asIoError(error, `Cannot lock ${repository}`);
  }
  try {
    await clearAttempts(directory);
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Removes what killed runs left of taking the lock. */
async function clearAttempts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^lock\..+\.partial$/.test(name)) continue;
    const holder = parseHolder((await readText(join(directory, name))) ?? '');
    if (holder === undefined || !isAlive(holder)) await rm(join(directory, name), { force: true });
  }
}

/**
 * Takes a lock; a stale one is cleared first. Only who holds the guard of a stale lock may clear it, and a guard
 * is named after the content of what it guards, which is unique: so nobody clears a lock that was taken meanwhile,
 * and a guard that is stale itself is cleared in the same way.
 *
 * @param place the lock, or a guard of it
 * @returns the holder, when it is another one
 */
async function take(file: string, place: string, self: Holder): Promise<Holder | undefined> {
  if (await create(place, self)) return undefined;
  const text = await readText(place);
  if (text === undefined) return createNow(place, self);
  const holder = parseHolder(text);
  if (holder !== undefined && isAlive(holder)) return holder;
  if (text === '' && (await ageOf(place)) < GRACE_MS) return { ...self, command: 'another run', pid: 0 };
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const guard = `${file}.${digest}.partial`;
  const other = await take(file, guard, self);
  if (other !== undefined) return other;
  try {
    if ((await readText(place)) === text) await rm(place, { force: true });
    return await createNow(place, self);
  } finally {
    await rm(guard, { force: true });
  }
}

/** Where there are no hard links, a lock is there for a moment before its content is. */
const GRACE_MS = 5000;

async function ageOf(file: string): Promise<number> {
  try {
    return Date.now() - (await stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}

/** @returns the holder, when another one was faster */
async function createNow(place: string, self: Holder): Promise<Holder | undefined> {
  return (await create(place, self)) ? undefined : (parseHolder((await readText(place)) ?? '') ?? self);
}

/** Creates the lock with its content in one step, so that nobody reads half of it. */
async function create(file: string, self: Holder): Promise<boolean> {
  const own = `${file}.${randomBytes(4).toString('hex')}.partial`;
  const handle = await open(own, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(self));
  } finally {
    await handle.close();
  }
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'EEXIST') return false;
    return await createWithoutLink(file, self);
  } finally {
    await rm(own, { force: true });
  }
}

/** For file systems without hard links (FAT). */
async function createWithoutLink(file: string, self: Holder): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(JSON.stringify(self));
    await handle.close();
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function locked(file: string, holder: Holder): CondaDiffError {
  return new CondaDiffError('locked', `The repository is in use by ${describeHolder(holder)}`, {
    hint: isHere(holder)
      ? 'Wait until it has finished'
      : `Wait until it has finished; if it does not run any more, remove ${file} and run again`,
  });
}
