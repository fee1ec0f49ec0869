import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { listTree, writeChannel } from './support/channel.js';
import { type CommandName, runCommand } from './support/run-command.js';
import { channelOf, WEEK_OPTIONS } from './support/weeks.js';

const folder = await realpath(await mkdtemp(join(tmpdir(), 'conda-diff-demo-')));
try {
  await demonstrate();
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function demonstrate(): Promise<void> {
  say('A channel with real .conda files, in a temporary folder: mirror/ is online, copy/ is air-gapped.\n');
  await mirror(1);
  await run('conda-diff-export', 'init', 'mirror', '--empty');
  await cross(1);

  say(
    'Two weeks later: dormouse 2.2 and gecko are new, eagle is replaced under the same name, caiman is gone.\n',
  );
  await mirror(3);
  await cross(2);

  say('The artifact that left the index waits for readers of the old one; here nobody reads.\n');
  await run('conda-diff-import', 'gc', 'copy', '--older-than', '0m');

  say('Do both sides have the same state now?\n');
  await run('conda-diff-export', 'reference', 'mirror', '-o', 'mirror.reference.json');
  await run('conda-diff-import', 'reference', 'copy', '-o', 'copy.reference.json');
  await requireEqual();
}

/** What the mirror job has in a week of the examples. */
function mirror(week: number): Promise<void> {
  return writeChannel(join(folder, 'mirror'), channelOf(week), WEEK_OPTIONS);
}

/** Shows what would cross, writes the update, and applies it. */
async function cross(sequence: number): Promise<void> {
  await run('conda-diff-export', 'show', 'mirror');
  await run('conda-diff-export', 'mirror', '-o', 'outbox/');
  await run('conda-diff-import', `outbox/default-${sequence}`, 'copy');
}

/** Runs a command in the folder and prints it, and what it says with paths relative to the folder. */
async function run(name: CommandName, ...args: string[]): Promise<void> {
  say(`$ ${[name, ...args].join(' ')}`);
  const { code, stdout, stderr } = await runCommand(name, args, { cwd: folder });
  say(`${stdout}${stderr}`.replaceAll(`${folder}/`, '').replace(/^(?=.)/gm, '  '));
  if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
}

async function requireEqual(): Promise<void> {
  const [online, airGapped, kept] = await Promise.all(
    ['mirror.reference.json', 'copy.reference.json', 'copy/.conda-diff/reference.json'].map((name) =>
      readFile(join(folder, name)),
    ),
  );
  say(`mirror  ${digestOf(online)}`);
  say(`copy    ${digestOf(airGapped)}`);
  if (!online?.equals(airGapped ?? Buffer.alloc(0)))
    throw new Error('The references of the two sides differ');
  if (!online.equals(kept ?? Buffer.alloc(0))) throw new Error('The reference that the import left differs');
  const files = await filesOf('mirror');
  if (files.join('\n') !== (await filesOf('copy')).join('\n')) throw new Error('The files differ');
  say(`\nEqual: both references, byte for byte, and all ${files.length} files.`);
}

function digestOf(reference: Buffer | undefined): string {
  return (JSON.parse(reference?.toString() ?? '') as { digest: string }).digest;
}

/** Every file below a directory but those of our own, with its hash. */
async function filesOf(directory: string): Promise<string[]> {
  const files = await listTree(join(folder, directory));
  return files.filter(({ path }) => !path.startsWith('.')).map(({ path, sha256 }) => `${sha256}  ${path}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
