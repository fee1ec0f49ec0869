import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { writeReport } from '../../shared/report/write-report.js';
import {
  accessibilityFaults,
  noBrowser,
  openFile,
  type OpenPage,
  SharedBrowser,
} from '../support/browser.js';
import { copyTree, temporaryDirectory, writeChannel } from '../support/channel.js';
import { syntheticReport } from '../support/synthetic-report.js';
import { succeed } from './two-sides.js';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1200, height: 900 };
const channels = process.env.CONDA_DIFF_CHANNELS;
const LARGE = process.env.CONDA_DIFF_REPORT_PACKAGES;
/** Of the large page: opening and sorting it takes time. */
const PACKAGES = Number(LARGE ?? 1000);
/** Each width and each scheme; at length, each in each. */
const LOOKS = [
  [PHONE, 'light'],
  [DESK, 'dark'],
  ...(LARGE === undefined
    ? []
    : ([
        [PHONE, 'dark'],
        [DESK, 'light'],
      ] as const)),
] as const;

const browser = new SharedBrowser();
after(() => browser.close());

/** Makes two updates of a mirror, and the report of the second. */
async function reportOf(
  t: TestContext,
  first: (mirror: string) => void | Promise<void>,
  second: (mirror: string) => void | Promise<void>,
): Promise<string> {
  const folder = await temporaryDirectory(t);
  const [mirror, outbox] = [join(folder, 'mirror'), `${join(folder, 'outbox')}/`];
  await mkdir(mirror);
  await succeed('conda-diff-export', ['init', mirror, '--empty', '-q']);
  await first(mirror);
  await succeed('conda-diff-export', ['create', mirror, '-o', outbox, '-q']);
  await second(mirror);
  await succeed('conda-diff-export', ['create', mirror, '-o', outbox, '-q', '--allow-removals']);
  const page = join(folder, 'report.html');
  await succeed('conda-diff-export', ['report', join(outbox, 'default-2'), '-o', page, '-q']);
  return page;
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
  }
  assert.fail(`the keyboard does not reach ${selector}`);
}

/** The first column of the first table of packages, as far as it is shown. */
async function shownNames(page: Page): Promise<string[]> {
  return page.locator('table.packages').first().locator('tbody tr:visible th').allTextContents();
}

async function filtersAndSorts({ page }: OpenPage, word: string): Promise<void> {
  const shown = page.locator('table.packages tbody tr:not([hidden])');
  await tabTo(page, '#filter-packages');
  const before = await shown.count();
  await page.keyboard.type(word);
  await page
    .getByRole('status')
    .first()
    .getByText(/^\d+ of \d+ shown$/)
    .waitFor();
  const rows = await shown.allTextContents();
  assert.ok(rows.length > 0 && rows.length < before, `${String(rows.length)} of ${String(before)}`);
  for (const row of rows) assert.ok(row.toLowerCase().includes(word), row);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await page.locator('#shown-packages:empty').waitFor({ state: 'attached' });
  await tabTo(page, 'table.packages th:last-child button');
  const sizes = async (): Promise<number[]> =>
    page.evaluate(
      'Array.from(document.querySelector("table.packages").tBodies[0].rows, (row) => Number(row.cells[3].dataset.value))',
    );
  for (const sign of [1, -1]) {
    await page.keyboard.press('Enter');
    const found = await sizes();
    assert.deepEqual(
      found,
      found.toSorted((a, b) => sign * (a - b)),
    );
    assert.notEqual(found[0], found.at(-1));
  }
  assert.equal(await page.locator('table.packages th[aria-sort=descending]').count(), 1);
  await tabTo(page, '#filter-files');
}

/** What holds on every screen, in light and dark, and on paper. */
async function looksRight({ page, requests, complaints }: OpenPage): Promise<void> {
  await page.setViewportSize(PHONE);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width);
  // All rows of a table are made alike, and axe takes minutes over tens of thousands
  await page.evaluate(
    'document.querySelectorAll("tbody tr:nth-child(n + 12)").forEach((row) => row.remove())',
  );
  for (const [viewport, colorScheme] of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await accessibilityFaults(page), [], `${colorScheme} at ${String(viewport.width)}`);
  }
  await page.emulateMedia({ media: 'print', colorScheme: null });
  assert.equal(await page.locator('.filter').first().isVisible(), false);
  assert.deepEqual([requests, complaints], [[], []]);
}

describe('the page of a report, in a browser', { skip: noBrowser, concurrency: 1 }, () => {
  test('of a hostile update: its texts stay texts', async (t) => {
    const hostile = `<img src=x onerror="globalThis.hurt=1"><script>globalThis.hurt=1</script>`;
    const file = await reportOf(
      t,
      (mirror) => writeChannel(mirror, { noarch: [{ name: 'a' }, { name: 'b' }] }),
      (mirror) =>
        writeChannel(mirror, {
          noarch: [
            {
              name: 'a',
              version: '2',
              license: hostile,
              depends: [`zz "><script>globalThis.hurt=1</script>`, hostile],
            },
            { name: 'c', license: `\u202Ecod.exe ${'long '.repeat(100)}` },
            { name: `x${'y'.repeat(200)}`, license: 'MIT' },
          ],
        }),
    );
    const opened = await openFile(await browser.open(t), file);
    assert.equal(await opened.page.evaluate('globalThis.hurt'), undefined);
    assert.equal(await opened.page.locator('img').count(), 0);
    assert.ok((await opened.page.locator('main').innerText()).includes(hostile));
    assert.ok((await opened.page.locator('main').innerText()).includes('\\u{202e}cod.exe'));
    await looksRight(opened);
  });

  test('is readable without its script', async (t) => {
    const file = await reportOf(
      t,
      (mirror) => writeChannel(mirror, { noarch: [{ name: 'a' }] }),
      (mirror) => writeChannel(mirror, { noarch: [{ name: 'a' }, { name: 'b' }] }),
    );
    const { page } = await openFile(await browser.open(t, { javaScriptEnabled: false }), file);
    assert.equal(await page.locator('table.packages tbody tr:visible').count(), 1);
    assert.equal(await page.locator('.filter:visible').count(), 0);
    assert.equal(await page.locator('thead button').count(), 0);
  });

  test(`of ${String(PACKAGES)} packages`, async (t) => {
    const file = join(await temporaryDirectory(t), 'report.html');
    await writeReport(syntheticReport(PACKAGES), 'html', file, undefined);
    const opened = await openFile(await browser.open(t, { viewport: DESK }), file);
    assert.equal(await opened.page.locator('table.packages tbody tr').count(), PACKAGES);
    await filtersAndSorts(opened, 'openssl');
    await looksRight(opened);
  });

  test('of a real channel', { skip: channels === undefined && 'needs CONDA_DIFF_CHANNELS' }, async (t) => {
    const state = (name: string) => (mirror: string) =>
      copyTree(join(channels ?? '', 'jancaha-channel', name), mirror);
    const file = await reportOf(t, state('07_790a7d4'), state('09_b705f3a'));
    const opened = await openFile(await browser.open(t, { viewport: DESK }), file);
    assert.ok((await shownNames(opened.page)).some((text) => text.startsWith('libviewshed')));
    await filtersAndSorts(opened, 'viewshed');
    await looksRight(opened);
  });
});
