import type { Command } from 'commander';
import { createProgram, EVERYDAY, FURTHER } from '../shared/cli-shell.js';
import { addKeygen } from '../shared/keygen-command.js';
import { addReport } from '../shared/report/report-command.js';
import { addInit } from './base-commands.js';
import { addCreate, addShow } from './create-commands.js';
import { addSign } from './key-commands.js';
import { addConfirm, addWithdraw } from './lockstep-commands.js';
import { addLog, addStatus } from './status-commands.js';
import { addReference, addVerify } from './state-commands.js';

/** The commands of `conda-diff-export`, in the order in which help lists them. */
export function exportProgram(): Command {
  const program = createProgram(
    'conda-diff-export',
    'Make updates of a mirrored conda repository for its air-gapped copy',
  );

  program.commandsGroup(EVERYDAY);
  addInit(program);
  addCreate(program);
  addReport(program, 'directory of the mirror', [
    { line: 'conda-diff-export report outbox/default-1', does: 'writes a page for whoever decides' },
    {
      line: 'conda-diff-export report outbox/default-1 --format markdown -o -',
      does: 'prints the same for a ticket',
    },
  ]);
  addConfirm(program);
  addStatus(program);

  program.commandsGroup(FURTHER);
  addShow(program);
  addWithdraw(program);
  addLog(program);
  addReference(program);
  addVerify(program);
  addKeygen(program, [
    { line: 'conda-diff-export keygen mirror', does: 'mirror.private.pem signs updates here' },
    { line: 'conda-diff-export keygen officer --json', does: 'prints the id of the key for a script' },
  ]);
  addSign(program);
  return program;
}
