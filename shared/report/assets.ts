import { packagedText } from '../packaged.js';
import type { PageAssets } from './page.js';

/** Style and script of the report's page, from `assets/`. */
export function reportAssets(): PageAssets {
  return { style: packagedText('assets/report.css'), script: packagedText('assets/report.js') };
}
