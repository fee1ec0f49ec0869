import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type CommandName, commandPath } from './run-command.js';
import { type Block, settled } from './transcript.js';

const COMMANDS: readonly CommandName[] = ['conda-diff-export', 'conda-diff-import', 'conda-diff-tar'];
/** What a block of commands begins with; any other block is what the block above prints. */
const BEGINS = new RegExp(
  `^(#|(${[...COMMANDS, 'cat', 'cd', 'cp', 'export', 'find', 'head', 'ln', 'mkdir', 'mv', 'npm', 'openssl', 'printf', 'rm', 'sed', 'setsid', 'systemctl', 'systemd-analyze', 'tail', 'tar', 'zcat', 'node'].join('|')})( |$))`,
);
/** Where the documents say that the copy is; the tests put their own directory in its place. */
const PLACE = '/srv/conda';

/**
 * Runs the blocks of a document in order, in one directory with the commands on PATH and a bash for each block. The
 * comments above a block say what the reader would have to know:
 *
 * - `new`: go on in a new, empty directory
 * - `run <bash>`: what happened before, not shown; `then <bash>`: what must hold after the block
 * - `exit <n>`: how the block ends, 0 by default
 * - `file <path>`: the block is the content of this file
 * - `message`: the last command printed this, whatever it printed besides
 * - `in <script>`: this script of the project runs these lines
 */
export class DocumentShell {
  readonly #bin = realpathSync(mkdtempSync(join(tmpdir(), 'conda-diff-bin-')));
  #directory = '';
  #printed = '';

  constructor() {
    for (const name of COMMANDS) this.#command(name, commandPath(name));
    this.#command('mirror-week', fileURLToPath(new URL('mirror-week.js', import.meta.url)));
    this.#command('packaging', fileURLToPath(new URL('../../packaging/cli.js', import.meta.url)));
    this.#renew();
  }

  /** @throws AssertionError, when the block does not do what the document says */
  run({ text, directives, follows }: Block): void {
    let exit = 0;
    let kind = BEGINS.test(text) ? 'commands' : 'output';
    let argument = '';
    const then: string[] = [];
    for (const directive of directives) {
      const [word, rest] = split(directive);
      if (word === 'new') this.#renew();
      else if (word === 'run') assert.equal(this.#bash(rest), 0, `${rest}\n${this.#printed}`);
      else if (word === 'then') then.push(rest);
      else if (word === 'exit') exit = Number(rest);
      else if (['file', 'message', 'in', 'commands'].includes(word)) [kind, argument] = [word, rest];
      else throw new Error(`No such comment for the tests: ${directive}`);
    }
    if (kind === 'commands') assert.equal(this.#bash(text), exit, `${text}\n${this.#printed}`);
    else if (kind === 'file') writeFileSync(this.#file(argument), text);
    else if (kind === 'in') assertIn(text, argument);
    else if (kind === 'message') this.#assertPrinted(text);
    else {
      assert.ok(follows, `a block that is neither commands nor the output of the block above: ${text}`);
      assert.equal(settled(this.#printed), settled(this.#shown(text)));
    }
    for (const check of then) assert.equal(this.#bash(check), 0, `${check}\n${this.#printed}`);
  }

  close(): void {
    rmSync(this.#bin, { recursive: true });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #command(name: string, script: string): void {
    const file = join(this.#bin, name);
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
    chmodSync(file, 0o755);
  }

  #renew(): void {
    if (this.#directory !== '') rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = realpathSync(mkdtempSync(join(tmpdir(), 'conda-diff-document-')));
  }

  #file(path: string): string {
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }

  /** @returns the exit code; what was printed, on both streams in order, is kept */
  #bash(script: string): number | null {
    const inPlace = `exec 2>&1\n${script.replaceAll(PLACE, this.#directory)}`;
    const { status, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', inPlace], {
      cwd: this.#directory,
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        PATH: `${this.#bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
        HERE: this.#directory,
      },
      timeout: 120_000,
    });
    this.#printed = this.#shown(stdout);
    return status;
  }

  /** A text with the documents' place instead of ours, or relative to it. */
  #shown(text: string): string {
    return text.replaceAll(`${this.#directory}/`, '').replaceAll(`${PLACE}/`, '');
  }

  #assertPrinted(text: string): void {
    const printed = settled(this.#printed);
    for (const line of settled(this.#shown(text))
      .split('\n')
      .filter((one) => one.trim() !== '…'))
      assert.ok(printed.includes(line.trim()), `expected\n${line}\nin\n${printed}`);
  }
}

function split(directive: string): [string, string] {
  const space = directive.indexOf(' ');
  return space < 0 ? [directive, ''] : [directive.slice(0, space), directive.slice(space + 1)];
}

function assertIn(text: string, script: string): void {
  const content = readFileSync(new URL(`../../../${script}`, import.meta.url), 'utf8');
  for (const line of text.split('\n').filter((one) => one !== ''))
    assert.ok(content.includes(line), `${script} does not run: ${line}`);
}
