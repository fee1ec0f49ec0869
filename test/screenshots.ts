/** Makes the pictures of the report in docs/. Usage: npm run screenshots */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeReport } from '../shared/report/write-report.js';
import { launchBrowser, openFile } from './support/browser.js';
import { syntheticReport } from './support/synthetic-report.js';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
/** A4 at 96 dots an inch. */
const PAPER = { width: 794, height: 1123 };

const PICTURES = [
  { name: 'light', viewport: { width: 1000, height: 1400 }, colorScheme: 'light', at: 'header' },
  { name: 'dark', viewport: { width: 1000, height: 1000 }, colorScheme: 'dark', at: '#packages-updated' },
  { name: 'phone', viewport: { width: 390, height: 1000 }, colorScheme: 'light', at: '#directories' },
  { name: 'print', viewport: PAPER, colorScheme: 'light', at: 'header', media: 'print' },
] as const;

const folder = await mkdtemp(join(tmpdir(), 'conda-diff-'));
const { context, close } = await launchBrowser();
try {
  const file = join(folder, 'report.html');
  await writeReport(syntheticReport(100), 'html', file, undefined);
  const { page } = await openFile(context, file);
  for (const { name, viewport, colorScheme, at, ...more } of PICTURES) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, media: 'media' in more ? more.media : 'screen' });
    await page.evaluate(`document.querySelector('${at}').scrollIntoView()`);
    // The margins that a printer leaves
    if (name === 'print') await page.evaluate("document.body.style.padding = '14mm 13mm'");
    await page.screenshot({ path: join(docs, `report-${name}.png`) });
  }
} finally {
  await close();
  await rm(folder, { recursive: true, force: true });
}
