import { describe, expect, it } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';

interface Report {
  readonly bytes: number;
  readonly wireBytes: number;
  readonly lanes: readonly { readonly target: string }[];
  readonly tenants: Readonly<Record<string, number>>;
}

const MILLION = 1_000_000;
/** Of an entry on the wire, before its data (§5). */
const FRAME_BYTES = 46;

const TRANSPORTS = ['tcp', 'tls', 'pipe'] as const;

/** Runs a load against an embedded indexer, which must find every entry once and unharmed. */
async function load(entries: number, ...flags: string[]): Promise<Report> {
  const report = await loadWithoutDigest(entries, ...flags, '--digest');
  expect(report).toMatchObject({ digestMatches: true });
  return report;
}

/** The same, but what they contain is not compared, which takes an indexer most of its time. */
async function loadWithoutDigest(entries: number, ...flags: string[]): Promise<Report> {
  const args = ['--entry-count', `${entries}`, ...flags, '--json'];
  const run = new NodeProcess(LOAD, args);
  expect(await run.end(), run.stderr).toBe(0);
  expect(run.stderr).toBe('');
  const report = run.lastJson<Report>();
  expect(report).toMatchObject({
    entries,
    received: entries,
    lost: 0,
    duplicated: 0,
    foreign: 0,
  });
  return report;
}

describe.each(TRANSPORTS)('a million entries by %s', (transport) => {
  const scheme = expect.stringMatching(new RegExp(`^${transport}://`));
  const common = ['--transport', transport, '--entry-size', '64', '--batch', '1024'];

  it.each([
    ['', [], {}],
    [' for a tenant', ['--ingest-tenant', 'acme'], { acme: MILLION }],
  ])(
    'arrive%s',
    async (_whose, tenant, tenants) => {
      const report = await load(MILLION, ...common, ...tenant);
      expect(report).toMatchObject({
        transports: [transport],
        compression: 'none',
        lanes: [{ target: scheme }],
      });
      expect(report.tenants).toEqual(tenants);
      // Beside the frames, what is said before and between them.
      const frames = MILLION * (FRAME_BYTES + 64);
      expect(report.wireBytes).toBeGreaterThan(frames);
      expect(report.wireBytes).toBeLessThan(frames + 100_000);
    },
    60_000,
  );

  it.each([
    ['', [], {}],
    [' for a tenant', ['--ingest-tenant', 'acme'], { acme: MILLION }],
  ])(
    'arrive compressed%s',
    async (_whose, tenant, tenants) => {
      const flags = ['--compression', '--content', 'text'];
      const report = await load(MILLION, ...common, ...flags, ...tenant);
      expect(report).toMatchObject({
        transports: [transport],
        compression: 'snappy',
        lanes: [{ target: scheme }],
      });
      expect(report.tenants).toEqual(tenants);
      expect(report.wireBytes).toBeLessThan(report.bytes);
    },
    60_000,
  );
});

it.each(TRANSPORTS)(
  'an indexer that confirms at once keeps its connection by %s',
  async (how) => {
    // The operating system takes writes in parts, and the last one may be confirmed before it says so.
    const flags = ['--transport', how, '--entry-size', '1000', '--batch', '1024'];
    const report = await loadWithoutDigest(2 * MILLION, ...flags);
    expect(report).toMatchObject({ resent: 0, lanes: [{ reconnects: 0 }] });
  },
  120_000,
);

describe('gibibytes of shared memory, encrypted while the ring goes on,', () => {
  it.each([
    ['large entries', 768, 1_048_576],
    ['entries of 16 KiB', 49_152, 16_384],
    ['small entries', 800_000, 1000],
  ])(
    'arrive unharmed as %s',
    async (_what, entries, size) => {
      const { bytes } = await load(entries, '--transport', 'tls', '--entry-size', `${size}`);
      expect(bytes).toBeGreaterThan(0.74 * 2 ** 30);
    },
    120_000,
  );
});
