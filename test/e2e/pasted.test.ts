import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { shellWord } from '../../shared/shell-word.js';
import { writeChannel } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import type { CommandName, RunResult } from '../support/run-command.js';
import { channelOf, WEEK_OPTIONS } from '../support/weeks.js';

/** Names that a shell would take apart. */
const MIRROR = "the mirror's";
const COPY = 'the copy';
const OUTBOX = 'out box';

const FIRST = `${OUTBOX}/default-1`;
const SECOND = `${OUTBOX}/default-2`;

/** The words of a command line, as a real shell splits it. */
function wordsOf(line: string): string[] {
  const split = execFileSync('bash', ['-euc', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return split.split('\0').slice(0, -1);
}

function type(line: string): Promise<RunResult> {
  const [name, ...args] = wordsOf(line);
  return runHere(name as CommandName, args);
}

async function succeed(line: string): Promise<string> {
  const { code, stdout, stderr } = await type(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** What a person reads when a command is refused. */
async function refused(line: string, exit = 2): Promise<string> {
  const { code, stdout, stderr } = await type(line);
  assert.equal(code, exit, `${line}\n${stdout}${stderr}`);
  return stderr;
}

/** The first command of ours that a message names and that has these words, as it would be pasted. */
function commandIn(message: string, ...having: readonly string[]): string {
  const lines = message.split('\n').flatMap((line) => /conda-diff-(?:import|export) .*/.exec(line) ?? []);
  const found = lines.find((line) => having.every((word) => line.includes(word)));
  assert.ok(found, `no command with ${having.join(', ')} in\n${message}`);
  return found.replace(/ {3,}.*/, ''); // what it does stands beside it
}

const week = (number: number): Promise<void> => writeChannel(MIRROR, channelOf(number), WEEK_OPTIONS);

describe('commands that a message names', () => {
  const from = process.cwd();
  before(() => process.chdir(realpathSync(mkdtempSync(join(tmpdir(), 'conda-diff-pasted-')))));
  after(() => {
    const here = process.cwd();
    process.chdir(from);
    rmSync(here, { recursive: true });
  });

  it('begin the ledger of a mirror that has none', async () => {
    await week(1);
    const message = await refused(`conda-diff-export create ${shellWord(MIRROR)} -o '${OUTBOX}/'`);
    const begin = commandIn(message, '--empty');
    assert.equal(commandIn(await refused(`conda-diff-export init ${shellWord(MIRROR)}`), '--empty'), begin);
    await succeed(begin);
    await succeed(`conda-diff-export create ${shellWord(MIRROR)} -o '${OUTBOX}/'`);
  });

  describe('given an update where the repository is asked for', () => {
    const commands = {
      'conda-diff-import': ['verify', 'status', 'log', 'reference', 'receipt', 'undo', 'recover', 'gc'],
      'conda-diff-export': ['verify', 'status', 'log', 'reference', 'show', 'create', 'init --empty'],
    };
    for (const [name, subcommands] of Object.entries(commands)) {
      for (const subcommand of subcommands) {
        it(`${name} ${subcommand} points to check and report`, async () => {
          for (const update of [`${FIRST}/update.tar`, `${FIRST}/update.manifest.json`, FIRST]) {
            const message = await refused(`${name} ${subcommand} ${shellWord(update)}`);
            assert.match(message, /^conda-diff-\w+: .* is an update, not a repository$/m);
            const check = commandIn(message, 'conda-diff-import check', shellWord(update));
            assert.match(await succeed(check.replace('<repository>', shellWord(COPY))), /can be applied/);
            assert.equal(commandIn(message, 'report'), `${name} report ${shellWord(update)}`);
          }
          assert.deepEqual(readdirSync(FIRST).sort(), [
            'update.base.json.gz',
            'update.manifest.json',
            'update.tar',
          ]);
        });
      }
    }

    it('a file that is none, and one that is not there, are told apart', async () => {
      appendFileSync('notes.txt', 'x');
      for (const name of Object.keys(commands)) {
        assert.match(await refused(`${name} verify notes.txt`), /notes\.txt is not a directory/);
        assert.match(await refused(`${name} verify update.tar`), /No such directory: .*update\.tar/);
      }
    });
  });

  for (const command of ['check', 'report', 'apply']) {
    it(`${command} says the right order of repository and update`, async () => {
      cpSync(MIRROR, 'other', { recursive: true });
      const message = await refused(`conda-diff-import ${command} other '${FIRST}'`);
      assert.match(message, /The update comes first, the repository after it/);
      assert.equal(commandIn(message), `conda-diff-import ${command} '${FIRST}' other`);
      const alone = await refused(`conda-diff-import ${command} other`);
      assert.equal(commandIn(alone), `conda-diff-import ${command} <update> other`);
      await succeed(commandIn(message));
    });
  }

  it('stage says the right order, too', async () => {
    const message = await refused(`conda-diff-import stage '${FIRST}' '${COPY}'`);
    assert.equal(commandIn(message), `conda-diff-import stage '${COPY}' '${FIRST}'`);
    const staged = await succeed(commandIn(message));
    await succeed(commandIn(staged, 'apply --staged'));
    assert.ok(existsSync(`${COPY}/noarch/repodata.json`));
  });

  it('a copy whose root holds an update besides is a repository', async () => {
    for (const file of ['update.tar', 'update.manifest.json', 'update.base.json.gz'])
      cpSync(`${FIRST}/${file}`, `${COPY}/${file}`);
    await succeed(`conda-diff-import verify '${COPY}'`);
    assert.match(await succeed(`conda-diff-import check '${COPY}' '${COPY}'`), /is applied already/);
  });

  it('withdraw an update with those that build on it', async () => {
    for (const number of [2, 3]) {
      await week(number);
      await succeed(`conda-diff-export create ${shellWord(MIRROR)} -o '${OUTBOX}/'`);
    }
    const message = await refused(`conda-diff-export withdraw ${shellWord(MIRROR)} 2`);
    await succeed(commandIn(message, '--with-later'));
    await succeed(`conda-diff-export create ${shellWord(MIRROR)} -o '${SECOND}/update.tar'`);
  });

  it('apply in spite of drift, undo, and lead back', async () => {
    appendFileSync(`${COPY}/noarch/repodata.json`, '\n');
    const message = await refused(`conda-diff-import apply '${SECOND}' '${COPY}'`, 12);
    await succeed(commandIn(message, '--accept-drift'));
    const older = await refused(`conda-diff-import apply '${FIRST}' '${COPY}'`, 12);
    await succeed(commandIn(older, ' undo '));
  });

  it('verify a mirror again, when what was missing is there', async () => {
    const artifact = `${MIRROR}/noarch/alpaca-1.0-0.conda`;
    cpSync(artifact, 'kept');
    rmSync(artifact);
    const message = await refused(`conda-diff-export verify ${shellWord(MIRROR)}`, 10);
    cpSync('kept', artifact);
    await succeed(commandIn(message, 'verify'));
  });

  it('write a reference down, to have what is damaged repaired', async () => {
    rmSync(`${COPY}/channeldata.json`);
    const message = await refused(`conda-diff-import verify '${COPY}'`, 13);
    await succeed(commandIn(message, '--deep'));
    await succeed(
      `${commandIn(message, 'create').replace('<repository>', shellWord(MIRROR))} -o repair/update.tar`,
    );
  });
});
