#!/usr/bin/env node
import process from 'node:process';
import { createProgram, runProgram } from '../shared/cli-shell.js';
import { addReport } from '../shared/report/report-command.js';
import { addInit } from './base-commands.js';
import { addCreate, addShow } from './create-commands.js';
import { addReference, addVerify } from './state-commands.js';

const program = createProgram(
  'conda-diff-export',
  'Make updates of a mirrored conda repository for its air-gapped copy',
);

addCreate(program);
addInit(program);
addShow(program);
addReference(program);
addVerify(program);
addReport(program, 'directory of the mirror');

await runProgram(program, process.argv);
