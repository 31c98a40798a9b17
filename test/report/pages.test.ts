import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadReport } from '@ringest/bench/internal';
import {
  type BenchName,
  benchPage,
  guardPage,
  loadPage,
  type Recording,
  renderPage,
  soakPage,
  tunePage,
} from '@ringest/bench/report';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hasChromium,
  launchChromium,
  openWindow,
  PATIENCE_MS,
  type Window,
} from '../support/browser.js';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { BENCH_RESULTS, GUARD_REPORT, soakOutcome, tuneReport } from './example-reports.js';

const WHEN = [['command', 'pnpm load']] as const;
const NASTY = '</script><img src=x onerror=alert(1)> & "\'<!-- $& $1';
const SECRET = 'nobody-may-read-this';
const SCREEN = { width: 1280, height: 800 };
const PHONE = { width: 320, height: 640 };

/** Of a load in which everything happened that a page can show. */
interface Shown {
  readonly report: LoadReport;
  readonly recording: Recording;
}

let browser: Browser;
/** The page of a real load with faults and a cache, as it was written. */
let loadHtml: string;

/** A file with a page, until the test is finished. */
function fileOf(html: string): string {
  const path = join(temporaryDirectory(), 'page.html');
  writeFileSync(path, html);
  return path;
}

/** A window with the page of the load. */
async function openLoad(options: BrowserContextOptions = {}): Promise<Window> {
  const window = await openWindow(browser, options);
  await window.open(fileOf(loadHtml));
  return window;
}

const dataOf = (html: string) =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '');

interface Chart {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** How large it is shown, of what it was drawn for. */
  readonly scale: number;
  readonly shapes: number;
}

/** The charts that can be seen. */
function chartsOf(page: Page): Promise<Chart[]> {
  return page.evaluate(`[...document.querySelectorAll('svg[role=img]')]
    .filter((svg) => svg.checkVisibility())
    .map((svg) => ({
      label: svg.getAttribute('aria-label'),
      width: svg.getBoundingClientRect().width,
      height: svg.getBoundingClientRect().height,
      scale: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
      shapes: svg.querySelectorAll('path, rect, circle, line').length,
    }))`);
}

const pages = (): readonly (readonly [name: string, html: string])[] => [
  ['load', loadHtml],
  ['tune', renderPage(tunePage(tuneReport(), WHEN))],
  ['soak', renderPage(soakPage(soakOutcome(), WHEN))],
  ['guard', renderPage(guardPage(GUARD_REPORT, WHEN))],
  ...(Object.keys(BENCH_RESULTS) as BenchName[]).map(
    (name) => [name, renderPage(benchPage(name, 'things', BENCH_RESULTS[name], WHEN))] as const,
  ),
];

describe.runIf(hasChromium())('a page', { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  }, PATIENCE_MS);
  afterAll(() => browser?.close());

  it('is written by a load, with all that it measured and without its secret', async () => {
    const path = join(temporaryDirectory(), 'load.html');
    const run = new NodeProcess(LOAD, [
      ...[
        '--chaos',
        '2',
        '--connections',
        '2',
        '--rate',
        '20k/s',
        '--duration',
        '1500ms',
        '--cache-mode',
        'always',
      ],
      ...['--ingest-secret', SECRET, '--timeout', '60s', '--json', '--report', path],
    ]);
    expect(await run.end(), run.stderr).toBe(0);
    loadHtml = readFileSync(path, 'utf8');
    const { report, recording } = dataOf(loadHtml) as Shown;
    expect(report).toEqual(run.lastJson());
    expect(report).toMatchObject({ entries: 30_000, lost: 0 });
    expect(recording.samples.at(-1)).toMatchObject({
      written: 30_000,
      muxer: { confirmed: 30_000 },
    });
    expect(loadHtml).toContain('--ingest-secret …');
    expect(loadHtml).not.toContain(SECRET);
  });

  it('draws its charts, fits a phone, and bothers nobody', async () => {
    const { page, open, said, requests } = await openWindow(browser);
    const paths = [];
    for (const [name, html] of pages()) {
      const path = fileOf(html);
      paths.push(`file://${path}`);
      await page.setViewportSize(SCREEN);
      await open(path);
      const wide = await chartsOf(page);
      expect(wide.length, name).toBeGreaterThan(0);
      for (const { width, height, shapes, label } of wide) {
        expect(Math.min(width, height), `${name}: ${label}`).toBeGreaterThan(60);
        expect(shapes, `${name}: ${label}`).toBeGreaterThan(2);
        expect(label, name).toMatch(/\w/);
      }
      await page.setViewportSize(PHONE);
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(PHONE.width);
      const narrow = await chartsOf(page);
      expect(narrow.map(({ label }) => label)).toEqual(wide.map(({ label }) => label));
      // Drawn for this width, and not a picture that is made small.
      for (const { scale } of narrow) expect(scale, name).toBeGreaterThan(0.75);
      expect(html, name).not.toMatch(/NaN|undefined|Infinity/);
      expect(said, name).toEqual([]);
    }
    expect(requests).toEqual(paths);
  });

  it('has what the eye sees for those who hear it', async () => {
    const { page } = await openLoad();
    expect(await page.title()).toBe('ringest load, with faults');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    const heard = await page.locator('body').ariaSnapshot();
    for (const what of [
      /heading "[\d,]+ entries a second, 0 lost" \[level=1\]/,
      /heading "Rate over time" \[level=2\]/,
      /img "Entries a second over .* on average, .* at most\. Colours: entries\/s confirmed/,
      /img "Latency by percentile: p50 .*p99 /,
      /img "\d+ faults at 2 indexers/,
      /img "Shares of 4 lanes over time/,
      /img "Entries that waited in the cache: /,
      /table "Summary of the load"/,
      /rowheader "throughput"/,
    ]) {
      expect(heard).toMatch(what);
    }
    for (const table of await page.locator('table').all()) {
      expect(await table.locator('caption').textContent()).toMatch(/\w/);
      expect(await table.locator('th:not([scope])').count()).toBe(0);
      expect(await table.locator('tbody th[scope=row]').count()).toBeGreaterThan(0);
    }
  });

  it('shows charts and tables without JavaScript', async () => {
    const { page } = await openLoad({ javaScriptEnabled: false });
    expect(await page.locator('svg:visible').count()).toBeGreaterThan(5);
    const rates = page.getByRole('region', { name: 'What was confirmed by then' });
    expect(await rates.isVisible()).toBe(false);
    await page.getByText('The same as a table').first().click();
    expect(await rates.isVisible()).toBe(true);
    const cells = await rates.locator('tbody tr').last().locator('td').allTextContents();
    expect(cells[1]).toBe('30,000');
  });

  it('is dark where people want that, and on paper it is light', async () => {
    const { page } = await openLoad({ colorScheme: 'dark' });
    const colours = () =>
      page.evaluate(`[document.body, document.querySelector('h1'), document.querySelector('.plot')]
        .flatMap((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor])`);
    const dark = await colours();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await colours();
    expect(light).not.toEqual(dark);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    expect(await colours()).toEqual(expect.arrayContaining(['rgb(255, 255, 255)', 'rgb(0, 0, 0)']));
    expect(await page.locator('details:visible').count()).toBe(0);
    expect(await page.locator('svg:visible').count()).toBeGreaterThan(5);
  });

  it('is made of a load that did nothing, too', async () => {
    const { report } = dataOf(loadHtml) as Shown;
    const nothing = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, p9999: 0, max: 0 };
    const latencies = {
      latencyMs: nothing,
      writtenLateMs: nothing,
      ackLatencyMs: report.ackLatencyMs,
    };
    const idle: LoadReport = {
      ...{ ...report, ...latencies, entries: 0, bytes: 0, entriesPerSecond: 0, faults: [] },
      distributionMs: [{ percent: 50, latency: 0, lateness: 0 }],
    };
    const recording = { samples: [], events: [], moreEvents: 0, otherLanes: 0 };
    const html = renderPage(loadPage(idle, recording, WHEN));
    const { page, open, said } = await openWindow(browser);
    await open(fileOf(html));
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('0 entries');
    expect((await chartsOf(page)).length).toBeGreaterThan(0);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(said).toEqual([]);
  });

  it('shows whatever is in names, and does nothing that they say', async () => {
    const { report, recording } = dataOf(loadHtml) as Shown;
    const nasty = JSON.parse(
      JSON.stringify({ report, recording }).replaceAll(/tcp:\/\/127\.0\.0\.1:\d+/g, (address) =>
        JSON.stringify(`${address}${NASTY}`).slice(1, -1),
      ),
    ) as Shown;
    for (const event of nasty.recording.events) Object.assign(event, { text: NASTY });
    const tags = { [NASTY]: 1, other: 2 };
    const load = { ...nasty.report, tags };
    const shown = [
      renderPage(loadPage(load, nasty.recording, [['command', NASTY]])),
      renderPage(tunePage(tuneReport(NASTY), [['command', NASTY]])),
    ];
    expect(dataOf(shown[0] as string)).toEqual({ ...nasty, report: load });
    for (const html of shown) {
      const { page, open, said, requests } = await openWindow(browser);
      await open(fileOf(html));
      expect(
        await page.locator('body img, body script:not([type="application/json"])').count(),
      ).toBe(0);
      expect(await page.locator('footer dd').first().textContent()).toBe(NASTY);
      expect(await page.locator('main').textContent()).toContain(NASTY);
      expect(JSON.parse((await page.locator('#data').textContent()) ?? '')).toBeTypeOf('object');
      expect(requests).toHaveLength(1);
      expect(said).toEqual([]);
    }
  });
});
