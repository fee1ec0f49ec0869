#!/usr/bin/env node
import process from 'node:process';
import { runProgram } from '../shared/cli-shell.js';
import { exportProgram } from './program.js';

await runProgram(exportProgram(), process.argv);
