import type { Command } from 'commander';
import { createProgram } from '../shared/cli-shell.js';
import { addKeygen } from '../shared/keygen-command.js';
import { addReport } from '../shared/report/report-command.js';
import { addApply, addCheck } from './apply-commands.js';
import { addLog, addReceipt } from './receipt-commands.js';
import { addStage } from './stage-commands.js';
import { addReference, addStatus, addVerify } from './state-commands.js';
import { addGc, addRecover, addUndo } from './way-back-commands.js';

/** The commands of `conda-diff-import`. */
export function importProgram(): Command {
  const program = createProgram(
    'conda-diff-import',
    'Apply updates to the air-gapped copy of a conda repository',
  );
  addApply(program);
  addCheck(program);
  addStage(program);
  addReport(program, 'directory of the copy');
  addStatus(program);
  addVerify(program);
  addReceipt(program);
  addLog(program);
  addUndo(program);
  addRecover(program);
  addReference(program);
  addGc(program);
  addKeygen(program);
  return program;
}
