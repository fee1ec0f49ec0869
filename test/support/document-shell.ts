import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
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
import { CommandServer } from './command-server.js';
import { SCENES } from './document-scenes.js';
import { memoryForPrograms } from './places.js';
import { serveWithNginx } from './nginx.js';
import { type CommandName, commandPath } from './run-command.js';
import { type Block, settled } from './transcript.js';

const COMMANDS: readonly CommandName[] = ['conda-diff-export', 'conda-diff-import', 'conda-diff-tar'];
/** What a block of commands begins with; any other block is what the block above prints. */
const BEGINS = new RegExp(
  `^(${[...COMMANDS, 'cat', 'cd', 'chmod', 'cp', 'export', 'find', 'head', 'ln', 'mkdir', 'mv', 'npm', 'openssl', 'printf', 'rm', 'sed', 'setsid', 'systemctl', 'systemd-analyze', 'tail', 'tar', 'zcat', 'node'].join('|')})( |$)`,
);
/** Where the documents say that things are; the tests put their own directories in their places. */
const PLACE = '/srv/conda';
const MEDIA = '/media/';
const UNITS = '/etc/systemd/system';
const INSTALLED = '/opt/conda-diff/bin';

/**
 * Runs the blocks of a document in order, in one directory with the commands on PATH and a bash for each block. The
 * comments above a block say what the reader would have to know:
 *
 * - `new`: go on in a new, empty directory
 * - `run <bash>`: what happened before, not shown; `then <bash>`: what must hold after the block
 * - `with <word> <bash>`: in place of this word stands what this prints
 * - `exit <n>`: how the block ends, 0 by default
 * - `commands`: the block is commands, although it does not begin with one that is known here
 * - `file <path>`: the block is the content of this file
 * - `unit <name>`: it is this systemd unit, or a drop-in file of one: systemd-analyze finds nothing in it, and what it
 *   executes is run
 * - `crontab [silent]`: it is a crontab, and the commands in it are run, in order; cron would send what they print
 * - `nginx`: it is a server of nginx, which serves the copy and not what begins with a dot
 * - `message`: the last command printed this, whatever it printed besides
 * - `in <script>`: this script of the project runs these lines
 *
 * Scripts of `document-scenes.ts` are commands here, too.
 */
export class DocumentShell {
  readonly #bin = realpathSync(mkdtempSync(join(tmpdir(), 'conda-diff-bin-')));
  #server: CommandServer | undefined;
  #directory = '';
  #printed = '';

  /** @param startsProcesses whether each command gets a process of its own, which takes ten times as long */
  static async start(startsProcesses: boolean): Promise<DocumentShell> {
    const shell = new DocumentShell();
    const server = (shell.#server = await CommandServer.start());
    mkdirSync(join(shell.#bin, 'real'));
    for (const name of COMMANDS) {
      shell.#script(`real/${name}`, startOf(commandPath(name)));
      shell.#script(name, startsProcesses ? startOf(commandPath(name)) : server.client);
    }
    shell.#script('mirror-week', server.client);
    shell.#script('packaging', startOf(fileURLToPath(new URL('../../packaging/cli.js', import.meta.url))));
    shell.#script('lock-child', startOf(fileURLToPath(new URL('lock-child.js', import.meta.url))));
    for (const [name, text] of Object.entries(SCENES)) shell.#script(name, `#!/bin/bash\nset -eu\n${text}`);
    shell.#renew();
    return shell;
  }

  /** @throws AssertionError, when the block does not do what the document says */
  async run({ text: written, directives, follows }: Block): Promise<void> {
    let text = written;
    let exit = 0;
    let kind = BEGINS.test(text) ? 'commands' : 'output';
    let argument = '';
    const then: string[] = [];
    for (const directive of directives) {
      const [word, rest] = split(directive);
      if (word === 'new') this.#renew();
      else if (word === 'run') await this.#succeeds(rest);
      else if (word === 'then') then.push(rest);
      else if (word === 'with') text = await this.#withPrinted(text, ...split(rest));
      else if (word === 'exit') exit = Number(rest);
      else if (KINDS.has(word)) [kind, argument] = [word, rest];
      else throw new Error(`No such comment for the tests: ${directive}`);
    }
    if (kind === 'commands')
      assert.equal(await this.#bash(text), exit, `expected exit ${exit}\n${text}\n${this.#printed}`);
    else if (kind === 'file') writeFileSync(this.#file(argument), this.#here(text));
    else if (kind === 'unit') await this.#unit(argument, text);
    else if (kind === 'crontab') await this.#crontab(text, argument === 'silent');
    else if (kind === 'nginx') await this.#serve(text);
    else if (kind === 'in') assertIn(text, argument);
    else if (kind === 'message') this.#assertPrinted(text);
    else {
      assert.ok(follows, `a block that is neither commands nor the output of the block above: ${text}`);
      assert.equal(settled(this.#printed), settled(this.#shown(text)));
    }
    const printed = this.#printed;
    for (const check of then) await this.#succeeds(check);
    this.#printed = printed;
  }

  close(): void {
    this.#server?.close();
    rmSync(this.#bin, { recursive: true });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #script(name: string, text: string): void {
    const file = join(this.#bin, name);
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }

  #renew(): void {
    if (this.#directory !== '') rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = realpathSync(mkdtempSync(join(memoryForPrograms(), 'conda-diff-document-')));
  }

  #file(path: string): string {
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }

  /** A text with our directories in the place of the documents'. */
  #here(text: string): string {
    return text
      .replaceAll(PLACE, this.#directory)
      .replaceAll(MEDIA, `${this.#directory}${MEDIA}`)
      .replaceAll(UNITS, `${this.#directory}${UNITS}`)
      .replaceAll(INSTALLED, this.#bin);
  }

  async #succeeds(script: string): Promise<void> {
    assert.equal(await this.#bash(script), 0, `${script}\n${this.#printed}`);
  }

  async #withPrinted(text: string, word: string, script: string): Promise<string> {
    assert.ok(text.includes(word), `there is no ${word} in ${text}`);
    await this.#succeeds(script);
    return text.replaceAll(word, this.#printed.trim());
  }

  /** @returns the exit code; what was printed, on both streams in order, is kept */
  async #bash(script: string): Promise<number | null> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${this.#here(script)}`], {
      cwd: this.#directory,
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        PATH: `${this.#bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}:/usr/sbin`,
        HERE: this.#directory,
        REAL: join(this.#bin, 'real'),
        SYSTEMD_UNIT_PATH: `${this.#directory}${UNITS}:`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 120_000,
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (printed += more));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    this.#printed = this.#shown(printed);
    return code;
  }

  /** A text with the documents' place instead of ours, or relative to it. */
  #shown(text: string): string {
    return text.replaceAll(`${this.#directory}/`, '').replaceAll(`${PLACE}/`, '');
  }

  async #unit(name: string, text: string): Promise<void> {
    writeFileSync(this.#file(join(UNITS, name)), this.#here(text));
    await this.#succeeds(
      `systemd-analyze verify --man=no ${dirname(name) === '.' ? name : name.split('.d/')[0]}`,
    );
    assert.equal(this.#printed, '', `${name} is not as systemd wants it`);
    if (/^ExecStart=/m.test(text)) await this.#succeeds(`start-unit ${name}`);
  }

  async #crontab(text: string, isSilent: boolean): Promise<void> {
    const jobs = text.split('\n').filter((line) => line !== '' && !/^(#|[A-Z]+=)/.test(line));
    assert.ok(jobs.length > 0, 'a crontab without a job');
    for (const job of jobs) {
      const [, command] = /^(?:[\d*,/-]+ ){5}([^%]+)$/.exec(job) ?? [];
      assert.ok(command, `not a line of a crontab: ${job}`);
      await this.#succeeds(`sh -c '${command.replaceAll("'", `'\\''`)}'`);
      if (isSilent) assert.equal(this.#printed, '', job);
    }
  }

  async #serve(text: string): Promise<void> {
    chmodSync(this.#directory, 0o755);
    const cleanups: (() => unknown)[] = [];
    const after = (cleanup: () => unknown): unknown => cleanups.push(cleanup);
    try {
      const url = await serveWithNginx(join(this.#directory, 'copy'), { after }, text);
      const codes: number[] = [];
      for (const path of ['noarch/repodata.json', '.conda-diff/reference.json'])
        codes.push((await fetch(`${url}/${path}`)).status);
      assert.deepEqual(codes, [200, 404]);
    } finally {
      for (const cleanup of cleanups) await cleanup();
    }
  }

  #assertPrinted(text: string): void {
    const printed = settled(this.#printed);
    for (const line of settled(this.#shown(text))
      .split('\n')
      .filter((one) => one.trim() !== '…'))
      assert.ok(printed.includes(line.trim()), `expected\n${line}\nin\n${printed}`);
  }
}

const KINDS = new Set(['commands', 'file', 'unit', 'crontab', 'nginx', 'in', 'message']);

/** The text of an executable file that starts a script of Node. */
function startOf(script: string): string {
  return `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`;
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
