import type { Command } from 'commander';
import { createProgram } from '../shared/cli-shell.js';
import { addKeygen } from '../shared/keygen-command.js';
import { addReport } from '../shared/report/report-command.js';
import { addInit } from './base-commands.js';
import { addCreate, addShow } from './create-commands.js';
import { addSign } from './key-commands.js';
import { addConfirm, addWithdraw } from './lockstep-commands.js';
import { addLog, addStatus } from './status-commands.js';
import { addReference, addVerify } from './state-commands.js';

/** The commands of `conda-diff-export`. */
export function exportProgram(): Command {
  const program = createProgram(
    'conda-diff-export',
    'Make updates of a mirrored conda repository for its air-gapped copy',
  );

  addCreate(program);
  addInit(program);
  addShow(program);
  addConfirm(program);
  addWithdraw(program);
  addStatus(program);
  addLog(program);
  addReference(program);
  addVerify(program);
  addKeygen(program);
  addSign(program);
  addReport(program, 'directory of the mirror');
  return program;
}
