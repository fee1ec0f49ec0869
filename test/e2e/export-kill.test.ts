import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { writeChannel } from '../support/channel.js';
import {
  assertSettled,
  command,
  type Crossing,
  crossingOfFile,
  makeCrossing,
  packages,
} from '../support/crossing.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { Random, seedFromEnvironment } from '../support/random.js';
import { skipWithout } from '../support/run-command.js';
import { start } from '../support/spawned.js';
import { type Call, type Injection, runTraced } from '../support/strace.js';
