import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { temporaryDirectory, writeChannel } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import type { CommandName } from '../support/run-command.js';

const schema = new URL('../../../schemas/result.schema.json', import.meta.url);
const validate = new Ajv2020({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(schema, 'utf8')) as object,
);

const packages = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));

test('with --json every command prints one document that the schema allows', async (t) => {
  const work = await temporaryDirectory(t);
  // This process has no other test, and what it runs takes its paths from here.
  const before = process.cwd();
  process.chdir(work);
  t.after(() => process.chdir(before));
  const run = async (code: number, command: CommandName, ...args: string[]): Promise<void> => {
    const result = await runHere(command, [...args, '--json']);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    const document: unknown = JSON.parse(result.stdout);
    assert.ok(validate(document), `${args.join(' ')}: ${JSON.stringify(validate.errors)}\n${result.stdout}`);
  };
  const online = 'conda-diff-export';
  const copy = 'conda-diff-import';
  await writeChannel(join(work, 'mirror'), { noarch: packages });
  await run(2, online, 'create', 'mirror');
  await run(0, online, 'init', 'mirror', '--empty');
  await run(0, online, 'show', 'mirror');
  await run(0, online, 'create', 'mirror', '--dry-run');
  await run(0, online, 'create', 'mirror', '-o', 'out/');
  await run(0, online, 'create', 'mirror', '-o', 'out/');
  await run(0, online, 'reference', 'mirror');
  await run(0, online, 'verify', 'mirror');
  await run(0, copy, 'apply', 'out/default-1', 'copy', '--dry-run');
  await run(0, copy, 'check', 'out/default-1', 'copy');
  await run(0, copy, 'apply', 'out/default-1', 'copy');
  await run(0, copy, 'apply', 'out/default-1', 'copy');
  const changed = packages.slice(1).map((one) => (one.name === 'b' ? { ...one, files: { x: '2' } } : one));
  await writeChannel(join(work, 'mirror'), { noarch: changed });
  await run(0, online, 'create', 'mirror', '-o', 'out/');
  await run(0, online, 'report', 'out/default-2', 'mirror');
  await run(0, copy, 'report', 'out/default-2', 'copy', '--format', 'markdown');
  await run(0, copy, 'apply', 'out/default-2', 'copy', '--dry-run');
  await run(0, copy, 'apply', 'out/default-2', 'copy');
  await run(0, online, 'confirm', 'mirror', 'copy/.conda-diff/receipts/2.json');
  await run(12, online, 'confirm', 'mirror', 'copy/.conda-diff/receipts/1.json');
  await run(2, online, 'confirm', 'mirror', 'ABCD');
  await run(2, online, 'withdraw', 'mirror', '2');
  await run(12, copy, 'apply', 'out/default-1', 'copy');
  await run(0, copy, 'stage', 'copy', 'out/default-1');
  await run(0, copy, 'status', 'copy');
  await run(0, copy, 'stage', 'copy');
  await run(0, copy, 'stage', 'copy', '--discard');
  await run(0, copy, 'stage', 'copy', '--discard');
  await run(0, copy, 'status', 'copy');
  await run(0, copy, 'verify', 'copy');
  await run(0, copy, 'reference', 'copy');
  await run(0, copy, 'undo', 'copy');
  await run(12, copy, 'undo', 'copy');
  await run(0, copy, 'recover', 'copy');
  await run(0, copy, 'gc', 'copy', '--older-than', '0m');
  await run(0, online, 'create', 'mirror', '-o', 'out/', '--ignore', 'win-64/**');
  await run(0, online, 'status', 'mirror');
  await run(0, online, 'withdraw', 'mirror', '3');
  await run(0, online, 'status', 'mirror');
  await run(0, online, 'log', 'mirror');
  rmSync(join(work, 'copy/noarch/b-1.0-0.conda'));
  await run(13, copy, 'verify', 'copy');
  await run(12, copy, 'apply', 'out/default-2', 'copy');
});
