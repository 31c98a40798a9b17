import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const { CI } = process.env;

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; `undefined`: it is not installed. */
export const CHROMIUM = PLACES.find((path) => existsSync(path));

/** Whether tests run where nothing may be left out. */
const IS_GATE = CI === 'true';

/** Whether tests that need Chromium can run. Says so when they cannot. */
export function hasChromium(): boolean {
  if (CHROMIUM !== undefined || IS_GATE) return true;
  console.warn('Chromium is not installed (apt-get install chromium): pages are not looked at');
  return false;
}

/** What a browser may take on a machine that is busy, in milliseconds: only what hangs is given up. */
export const PATIENCE_MS = 120_000;

/** @throws Chromium is not installed */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(`there is no Chromium at ${PLACES.join(', ')}`);
  // Its own walls need rights that containers do not give. It opens files of the tests, and nothing else.
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox'],
    timeout: PATIENCE_MS,
  });
}

/** A window, and what the files did that were opened in it. */
export interface Window {
  readonly page: Page;
  open(path: string): Promise<void>;
  /** What they said on the console, errors that they threw, and dialogs that they opened. */
  readonly said: readonly string[];
  /** What they asked for, themselves included. */
  readonly requests: readonly string[];
}

/** A window until the test is finished. */
export async function openWindow(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const said: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => said.push(dialog.message()));
  page.on('request', (request) => requests.push(request.url()));
  const open = async (path: string) => {
    await page.goto(`file://${path}`);
  };
  return { page, open, said, requests };
}
