import type { Command } from 'commander';
import { createProgram, EVERYDAY, FURTHER } from '../shared/cli-shell.js';
import { addKeygen } from '../shared/keygen-command.js';
import { addReport } from '../shared/report/report-command.js';
import { addApply, addCheck } from './apply-commands.js';
import { addLog, addReceipt } from './receipt-commands.js';
import { addStage } from './stage-commands.js';
import { addReference, addStatus, addVerify } from './state-commands.js';
import { addGc, addRecover, addUndo } from './way-back-commands.js';

/** The commands of `conda-diff-import`, in the order in which help lists them. */
export function importProgram(): Command {
  const program = createProgram(
    'conda-diff-import',
    'Apply updates to the air-gapped copy of a conda repository',
  );

  program.commandsGroup(EVERYDAY);
  addCheck(program);
  addApply(program);
  addStatus(program);
  addVerify(program);
  addUndo(program);

  program.commandsGroup(FURTHER);
  addStage(program);
  addReport(program, 'directory of the copy', [
    { line: 'conda-diff-import report outbox/default-2 copy', does: 'writes a page for whoever decides' },
    {
      line: 'conda-diff-import report outbox/default-2 copy --format cyclonedx -o sbom.json',
      does: 'an SBOM of what it brings',
    },
  ]);
  addReceipt(program);
  addLog(program);
  addRecover(program);
  addReference(program);
  addGc(program);
  addKeygen(program, [
    { line: 'conda-diff-import keygen copy', does: 'copy.private.pem signs receipts here' },
    { line: 'conda-diff-import keygen officer --json', does: 'prints the id of the key for a script' },
  ]);
  return program;
}
