import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestContext } from 'node:test';
import type { AxeResults } from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

/** Debian's; `CONDA_DIFF_CHROMIUM` names another one. */
const EXECUTABLE = process.env.CONDA_DIFF_CHROMIUM ?? '/usr/bin/chromium';

/** Why tests with a browser are skipped; never when `CI` is set. */
export const noBrowser =
  !existsSync(EXECUTABLE) && !process.env.CI && `needs a browser: there is no ${EXECUTABLE}`;

/** Nothing that Chromium would fetch by itself. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--force-color-profile=srgb'],
];

/** A browser with an empty profile; `close` ends it and removes the profile. */
export async function launchBrowser(
  options: BrowserContextOptions = {},
): Promise<{ readonly context: BrowserContext; readonly close: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), 'conda-diff-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: FLAGS,
    ...options,
  });
  const close = async (): Promise<void> => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return { context, close };
}

/**
 * A browser for the tests of a file: it starts when the first one asks, and each gets a window that shares nothing with
 * the others.
 */
export class SharedBrowser {
  #browser: Promise<Browser> | undefined;

  async open(t: Pick<TestContext, 'after'>, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    this.#browser ??= chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
    const context = await (await this.#browser).newContext(options);
    t.after(() => context.close());
    return context;
  }

  async close(): Promise<void> {
    await (await this.#browser)?.close();
  }
}

/** A page, and what it did that it must not do. */
export interface OpenPage {
  readonly page: Page;
  /** Addresses that were asked for, the page's own not among them. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, the policy's reports among them, and uncaught errors. */
  readonly complaints: readonly string[];
}

/** Opens a file. */
export async function openFile(context: BrowserContext, file: string): Promise<OpenPage> {
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== own) requests.push(request.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(own);
  return { page, requests, complaints };
}

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds wrong, one line each with the first element. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated over the protocol, which the page's policy does not bind
  await page.evaluate(await readFile(axeSource, 'utf8'));
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${String(nodes.length)}): ${nodes[0]?.html ?? ''}`,
  );
}
