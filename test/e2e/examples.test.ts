import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { exportProgram } from '../../exporter/program.js';
import { importProgram } from '../../importer/program.js';
import { EVERYDAY, FURTHER } from '../../shared/cli-shell.js';
import { examplesOf } from '../../shared/examples.js';
import { writeChannel } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import { type CommandName, runCommand } from '../support/run-command.js';
import { channelOf, WEEK_OPTIONS } from '../support/weeks.js';

/** One example of help, and what must hold when it is typed here, in order, in one directory. */
interface Step {
  readonly line: string;
  /** What happened before. */
  readonly before?: () => Promise<unknown>;
  /** What it prints, whatever it prints besides. */
  readonly says: readonly string[];
  /** What must hold after it: a file that is there, or more. */
  readonly then?: string | (() => Promise<unknown>);
}

/** The code of an example stands for the one that the import printed. */
const EXAMPLE_CODE = /\b[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}\b/;
let code = '';

/** The mirror has what the mirror job brings in this week. */
const week = (number: number): Promise<void> => writeChannel('mirror', channelOf(number), WEEK_OPTIONS);

/** Runs command lines as somebody types them, here. Each must succeed. @returns what the last one printed */
async function type(...lines: readonly string[]): Promise<string> {
  let said = '';
  for (const line of lines) {
    const [name, ...args] = line.match(/'[^']*'|\S+/g) ?? [];
    const words = args.map((arg) => arg.replaceAll("'", '').replace(EXAMPLE_CODE, code));
    const { code: exit, stdout, stderr } = await runHere(name as CommandName, words);
    assert.equal(exit, 0, `${line}\n${stdout}${stderr}`);
    said = (stdout + stderr).replaceAll(`${process.cwd()}/`, '');
    code = /^Confirmation code: (\S+)/m.exec(said)?.[1] ?? code;
  }
  return said;
}

const signaturesIn = async (directory: string): Promise<number> =>
  (await readdir(directory)).filter((name) => name.endsWith('.sig')).length;

const isNamed = async (artifact: string): Promise<boolean> =>
  (await readFile('copy/noarch/repodata.json', 'utf8')).includes(artifact);

const EXPORT: readonly Step[] = [
  {
    line: 'conda-diff-export init mirror --empty',
    before: () => week(1),
    says: ['The other side is taken to have nothing', 'Next: conda-diff-export create mirror'],
  },
  { line: 'conda-diff-export show mirror', says: ['linux-64/repodata.json\n', 'channeldata.json\n'] },
  {
    line: 'conda-diff-export keygen mirror',
    says: ['mirror.private.pem'],
    then: 'mirror.public.pem',
  },
  {
    line: 'conda-diff-export keygen officer --json',
    says: ['"command":"keygen"'],
    then: 'officer.private.pem',
  },
  {
    line: 'conda-diff-export create mirror -o outbox/',
    says: ['Wrote: outbox/default-1/update.tar\n', 'Update 1 carries 11 files'],
    then: 'outbox/default-1/update.tar',
  },
  {
    line: 'conda-diff-export sign outbox/default-1 --sign-key officer.private.pem',
    says: ["Signed update 1 of site 'default'"],
    then: async () => assert.equal(await signaturesIn('outbox/default-1'), 1),
  },
  {
    line: 'conda-diff-export sign outbox/default-1 --sign-key old.private.pem --sign-key new.private.pem',
    before: () => type('conda-diff-export keygen old', 'conda-diff-export keygen new'),
    says: ["Signed update 1 of site 'default'"],
    then: async () => assert.equal(await signaturesIn('outbox/default-1'), 3),
  },
  {
    line: 'conda-diff-export report outbox/default-1',
    says: ['Wrote: report.html'],
    then: async () => assert.match(await readFile('report.html', 'utf8'), /^<!doctype html>/i),
  },
  { line: 'conda-diff-export report outbox/default-1 --format markdown -o -', says: ['# Update 1'] },
  {
    line: 'conda-diff-export confirm mirror 7HQ2-KX4M-9TBA',
    before: () => type('conda-diff-import outbox/default-1 copy'),
    says: ["Site 'default' has state", 'update 1 arrived'],
  },
  {
    line: 'conda-diff-export init mirror --site lab --from reference.json',
    before: async () => {
      await type('conda-diff-import reference copy');
      await week(2);
    },
    says: ['The other side is taken to have 11 files', 'Next: conda-diff-export create mirror --site lab'],
  },
  {
    line: 'conda-diff-export confirm mirror receipt.json --site lab',
    before: async () => {
      await cp('copy', 'lab', { recursive: true, preserveTimestamps: true });
      await type(
        'conda-diff-export mirror -o outbox/ --site lab',
        'conda-diff-import outbox/lab-1 lab --site lab',
        'conda-diff-import receipt lab -o receipt.json',
      );
    },
    says: ["Site 'lab' has state", 'update 1 arrived'],
  },
  { line: 'conda-diff-export show mirror --base confirmed', says: ['removed: noarch/caiman-1.0-0.conda'] },
  {
    line: 'conda-diff-export withdraw mirror 2 --with-later',
    before: async () => {
      await type('conda-diff-export mirror -o outbox/');
      await week(3);
      await type('conda-diff-export mirror -o outbox/');
    },
    says: ['Update 2 is withdrawn; destroy what', 'Update 3 is withdrawn; destroy what'],
    then: async () => assert.deepEqual(await readdir('outbox/default-3'), []),
  },
  {
    line: 'conda-diff-export create mirror -o outbox/ --base confirmed --volume-size 4.3G',
    says: ['Wrote: outbox/default-4/update.tar', '(confirmed)'],
    then: () => type('conda-diff-import check outbox/default-4 copy'),
  },
  { line: 'conda-diff-export status mirror', says: ["Site 'default'", "Site 'lab'", 'update 4'] },
  {
    line: 'conda-diff-export status mirror --site lab --json',
    says: ['{"command":"status","sites":[{"site":"lab"'],
  },
  { line: 'conda-diff-export log mirror', says: [' default ', ' lab '] },
  { line: 'conda-diff-export log mirror --site lab', says: [' lab '] },
  {
    line: 'conda-diff-export withdraw mirror 4',
    says: ['Update 4 is withdrawn; destroy what'],
    then: async () => assert.deepEqual(await readdir('outbox/default-4'), []),
  },
  {
    line: 'conda-diff-export reference mirror',
    says: ['Wrote: reference.json', 'State'],
    then: 'reference.json',
  },
  {
    line: "conda-diff-export reference mirror --ignore 'win-*/**' -o mirror.json",
    says: ['Wrote: mirror.json', 'State'],
    then: async () => assert.match(await readFile('mirror.json', 'utf8'), /"win-\*\/\*\*"/),
  },
  { line: 'conda-diff-export verify mirror', says: ['are right'] },
  { line: 'conda-diff-export verify mirror --all', says: ['are right', 'State'] },
];

const IMPORT: readonly Step[] = [
  {
    line: 'conda-diff-import keygen copy',
    before: async () => {
      await week(1);
      await type(
        'conda-diff-export keygen mirror',
        'conda-diff-export init mirror --empty',
        'conda-diff-export mirror -o outbox/',
        'conda-diff-import outbox/default-1 copy',
      );
      await week(2);
      await type('conda-diff-export mirror -o outbox/ --sign-key mirror.private.pem');
    },
    says: ['copy.private.pem'],
    then: 'copy.public.pem',
  },
  {
    line: 'conda-diff-import keygen officer --json',
    says: ['"command":"keygen"'],
    then: 'officer.public.pem',
  },
  { line: 'conda-diff-import check outbox/default-2 copy', says: ['fits and can be applied'] },
  {
    line: 'conda-diff-import check outbox/default-2/update.tar copy --trusted-key mirror.public.pem',
    says: ['fits and can be applied', 'Signed by '],
  },
  {
    line: 'conda-diff-import report outbox/default-2 copy',
    says: ['Wrote: report.html'],
    then: async () => assert.match(await readFile('report.html', 'utf8'), /^<!doctype html>/i),
  },
  {
    line: 'conda-diff-import report outbox/default-2 copy --format cyclonedx -o sbom.json',
    says: ['Wrote: sbom.json'],
    then: async () => assert.match(await readFile('sbom.json', 'utf8'), /"CycloneDX"/),
  },
  {
    line: 'conda-diff-import apply outbox/default-2 copy --dry-run',
    says: ['Update 2 fits; the archive was not read. In this order:', 'retire noarch/caiman-1.0-0.conda'],
    then: async () => assert.ok(await isNamed('caiman')),
  },
  {
    line: 'conda-diff-import stage copy dvd/',
    before: () => cp('outbox/default-2', 'dvd', { recursive: true }),
    says: ['conda-diff-import apply --staged copy'],
    then: 'copy/.conda-diff/collected',
  },
  {
    line: 'conda-diff-import stage copy --discard 2',
    says: ['Discarded what was staged of update 2'],
    then: async () => assert.match(await type('conda-diff-import stage copy'), /Nothing is staged/),
  },
  {
    line: 'conda-diff-import apply outbox/default-2 copy',
    says: ['Update 2 is applied to copy:', 'Confirmation code: '],
    then: async () => assert.ok(!(await isNamed('caiman'))),
  },
  {
    line: 'conda-diff-import status copy',
    says: ["Last import: update 2 of site 'default'", 'Retired: 1 file'],
  },
  { line: 'conda-diff-import status copy --json', says: ['{"command":"status"'] },
  { line: 'conda-diff-import verify copy', says: ['are right', 'as the last import left it'] },
  { line: 'conda-diff-import verify copy --all', says: ['are right', 'as the last import left it'] },
  { line: 'conda-diff-import receipt copy', says: ['Confirmation code: '] },
  {
    line: 'conda-diff-import receipt copy -o receipt.json',
    says: ['Wrote: receipt.json'],
    then: 'receipt.json',
  },
  { line: 'conda-diff-import log copy', says: ['update 1', 'update 2'] },
  { line: 'conda-diff-import log copy --json', says: ['{"command":"log"'] },
  {
    line: 'conda-diff-import reference copy -o reference.json',
    says: ['Wrote: reference.json', 'State'],
    then: () => assertSame('reference.json', 'copy/.conda-diff/reference.json'),
  },
  {
    line: 'conda-diff-import reference copy --deep -o ticket.json',
    says: ['Wrote: ticket.json', 'State'],
    then: () => assertSame('ticket.json', 'reference.json'),
  },
  { line: 'conda-diff-import recover copy', says: ['No import was interrupted'] },
  { line: 'conda-diff-import recover copy --quiet', says: [] },
  { line: 'conda-diff-import gc copy', says: ['Deleted 0 retired files (0 B); 1 wait on'] },
  {
    line: 'conda-diff-import gc copy --older-than 7d',
    says: ['Deleted 0 retired files (0 B); 1 wait on'],
  },
  {
    line: 'conda-diff-import undo copy --sign-key copy.private.pem',
    says: ['The import of update 2 was undone'],
    then: async () => {
      assert.equal(await signaturesIn('copy/.conda-diff/receipts'), 1);
      assert.ok(await isNamed('caiman'));
    },
  },
  {
    line: 'conda-diff-import undo copy',
    before: () => type('conda-diff-import outbox/default-2 copy'),
    says: ['The import of update 2 was undone'],
    then: async () => assert.ok(await isNamed('caiman')),
  },
];

async function assertSame(one: string, other: string): Promise<void> {
  assert.equal(await readFile(one, 'utf8'), await readFile(other, 'utf8'));
}

const SIDES: readonly [name: CommandName, program: () => Command, steps: readonly Step[]][] = [
  ['conda-diff-export', exportProgram, EXPORT],
  ['conda-diff-import', importProgram, IMPORT],
];

for (const [name, program, steps] of SIDES) {
  describe(`the examples in the help of ${name}`, () => {
    const from = process.cwd();
    before(async () => {
      process.chdir(await realpath(await mkdtemp(join(tmpdir(), 'conda-diff-examples-'))));
    });
    after(async () => {
      const here = process.cwd();
      process.chdir(from);
      await rm(here, { recursive: true });
    });

    for (const { line, before, says, then } of steps) {
      it(line, async () => {
        await before?.();
        const said = await type(line);
        if (says.length === 0) assert.equal(said, '');
        for (const part of says) assert.ok(said.includes(part), `expected\n${part}\nin\n${said}`);
        if (typeof then === 'string') assert.ok(existsSync(then), then);
        else await then?.();
      });
    }

    it('are two for each subcommand, all of them run here', () => {
      const shown = program().commands.flatMap((command) => {
        const lines = examplesOf(command).map((example) => example.line);
        assert.equal(lines.length, 2, command.name());
        for (const line of lines) assert.ok(line.startsWith(`${name} ${command.name()} `), line);
        return lines;
      });
      assert.deepEqual(steps.map(({ line }) => line).sort(), shown.sort());
    });

    it('stand at the end of the help of their subcommand', async () => {
      for (const command of program().commands) {
        const { code, stdout } = await runHere(name, [command.name(), '--help']);
        assert.equal(code, 0);
        const end = stdout.slice(stdout.indexOf('\nExamples:\n'));
        const lines = examplesOf(command).flatMap(({ line, does }) => [`  ${line}`, `      ${does}`]);
        assert.equal(end, ['', 'Examples:', ...lines, ''].join('\n'));
      }
    });
  });
}

describe('--help', () => {
  const everyday = {
    'conda-diff-export': ['init', 'create', 'report', 'confirm', 'status'],
    'conda-diff-import': ['check', 'apply', 'status', 'verify', 'undo'],
  };
  for (const [name, program] of SIDES) {
    it(`of ${name} shows the five everyday commands first, and all others below`, async () => {
      const { code, stdout } = await runCommand(name, ['--help']);
      assert.equal(code, 0);
      const commandsBetween = (text: string): string[] =>
        [...text.matchAll(/^ {2}([a-z]+) /gm)].map(([, word = '']) => word);
      const [first = '', rest = ''] = stdout.slice(stdout.indexOf(EVERYDAY)).split(FURTHER);
      const wanted: readonly string[] = everyday[name as keyof typeof everyday];
      assert.deepEqual(commandsBetween(first), wanted);
      const others = program().commands.map((command) => command.name());
      assert.deepEqual(
        commandsBetween(rest),
        others.filter((one) => !wanted.includes(one)),
      );
    });

    it(`and --version of ${name} load commander and the declarations only`, async () => {
      for (const args of [['--version'], ['--help'], ['status', '--help']]) {
        const loaded = await scriptsOf(name, args);
        const packages = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
        assert.deepEqual([...new Set(packages)], ['commander']);
        const own = loaded.filter((url) => url.includes('/dist/')).map((url) => url.split('/').at(-1));
        assert.ok(own.length > 5 && own.length <= 32, own.join(' '));
        assert.deepEqual(
          own.filter((file) => file?.startsWith('run-')),
          [],
        );
      }
    });
  }
});

/** The URLs of all scripts that a command loads, as V8 counts them. */
async function scriptsOf(name: CommandName, args: readonly string[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'conda-diff-coverage-'));
  try {
    await runCommand(name, args, { env: { NODE_V8_COVERAGE: directory } });
    const [file = ''] = await readdir(directory);
    const { result } = JSON.parse(await readFile(join(directory, file), 'utf8')) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url);
  } finally {
    await rm(directory, { recursive: true });
  }
}
