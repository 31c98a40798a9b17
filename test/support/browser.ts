import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; `undefined`: it is not installed. */
export const CHROMIUM = PLACES.find((path) => existsSync(path));

/** Whether tests run where nothing may be left out. */
const IS_GATE = process.env['CI'] === 'true';

/** Whether tests that need Chromium can run. Says so when they cannot. */
export function hasChromium(): boolean {
  if (CHROMIUM !== undefined || IS_GATE) return true;
  console.warn('Chromium is not installed (apt-get install chromium): pages are not looked at');
  return false;
}

/** @throws Chromium is not installed */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(`there is no Chromium at ${PLACES.join(', ')}`);
  // Its own walls need rights that containers do not give. It opens files of the tests, and nothing else.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page that is opened, and what it did. */
export interface OpenedPage {
  readonly page: Page;
  /** What it said on the console, errors that it threw, and dialogs that it opened. */
  readonly said: readonly string[];
  /** What it asked for, itself included. */
  readonly requests: readonly string[];
}

/** Opens a file until the test is finished. */
export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const said: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => said.push(dialog.message()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`file://${path}`);
  return { page, said, requests };
}
