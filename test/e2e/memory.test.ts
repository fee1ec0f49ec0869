import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { makeLarge } from '../bench/carrying.js';
import { peakOf } from '../bench/measure.js';
import { type CommandName, commandPath } from '../support/run-command.js';

/** More than a command may take of memory, so that none can hold the artifact. */
const ARTIFACT_BYTES = Number(process.env.CONDA_DIFF_ARTIFACT_MB ?? 320) * 1e6;
const MOST_BYTES = 300e6;

test(`An artifact of ${ARTIFACT_BYTES / 1e6} MB crosses in little memory`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'conda-diff-')); // memory may not have the room
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const [mirror, copy, outbox] = ['mirror', 'copy', 'outbox'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  makeLarge(mirror, ARTIFACT_BYTES);
  mkdirSync(copy);
  const update = join(outbox, 'default-1');
  const commands: readonly (readonly [name: CommandName, ...args: string[]])[] = [
    ['conda-diff-export', 'init', mirror, '--empty'],
    ['conda-diff-export', 'create', mirror, '-o', `${outbox}/`],
    ['conda-diff-import', 'check', update, copy],
    ['conda-diff-import', 'apply', update, copy],
    ['conda-diff-import', 'verify', '--all', copy],
    ['conda-diff-export', 'verify', '--all', mirror],
  ];
  for (const [name, ...args] of commands) {
    const peak = await peakOf([process.execPath, commandPath(name), ...args]);
    t.diagnostic(`${name} ${args[0] ?? ''}: ${Math.round(peak / 1e6)} MB`);
    assert.ok(peak > 0 && peak < MOST_BYTES, `${name} ${args[0] ?? ''} took ${Math.round(peak / 1e6)} MB`);
  }
});
