#!/usr/bin/env node
import process from 'node:process';
import { runProgram } from '../shared/cli-shell.js';
import { diffTarProgram } from './diff-tar-program.js';

await runProgram(diffTarProgram(), process.argv);
