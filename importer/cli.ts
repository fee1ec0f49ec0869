#!/usr/bin/env node
import process from 'node:process';
import { runProgram } from '../shared/cli-shell.js';
import { importProgram } from './program.js';

await runProgram(importProgram(), process.argv);
