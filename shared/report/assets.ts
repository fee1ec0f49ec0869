import { readFileSync } from 'node:fs';
import type { PageAssets } from './page.js';

/** Style and script of the report's page, from `assets/`. */
export function reportAssets(): PageAssets {
  return { style: readAsset('report.css'), script: readAsset('report.js') };
}

function readAsset(name: string): string {
  return readFileSync(new URL(`../../../assets/${name}`, import.meta.url), 'utf8');
}
