import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Where and how often something is measured. */
export interface Setting {
  /** A directory for what is made; it is removed in the end. */
  readonly work: string;
  readonly rounds: number;
}

export const SUBDIRS = ['linux-64', 'noarch'];
export const NODE = process.execPath;
export const [EXPORTER, IMPORTER] = ['exporter', 'importer'].map((side) =>
  fileURLToPath(new URL(`../../${side}/cli.js`, import.meta.url)),
) as [string, string];

/** Runs `conda-diff-export`. */
export function runExporter(...args: string[]): void {
  execFileSync(NODE, [EXPORTER, ...args], { stdio: 'pipe' });
}

export function sh(script: string): [string, string, string] {
  return ['sh', '-c', script];
}

export function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
