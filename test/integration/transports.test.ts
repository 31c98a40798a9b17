import { describe, expect, it } from 'vitest';
import { loadHere } from '../support/load-here.js';
import { scaled } from '../support/scale.js';

interface Report {
  readonly bytes: number;
  readonly wireBytes: number;
  readonly lanes: readonly { readonly target: string }[];
  readonly tenants: Readonly<Record<string, number>>;
}

const ENTRIES = scaled(20_000, 1_000_000);
/** So that even a few entries go round it several times. */
const RING = ['--ring-bytes', `${scaled(262_144, 16_777_216)}`];
/** Of an entry on the wire, before its data (§5). */
const FRAME_BYTES = 46;

const TIMEOUT_MS = scaled(60_000, 600_000);
const TRANSPORTS: readonly string[] = ['tcp', 'tls', 'pipe'];

/** Runs a load against an embedded indexer, which must find every entry once and unharmed. */
async function load(entries: number, ...flags: string[]): Promise<Report> {
  const report = await loadWithoutDigest(entries, ...flags, '--digest');
  expect(report).toMatchObject({ digestMatches: true });
  return report;
}

/** The same, but what they contain is not compared, which takes an indexer most of its time. */
async function loadWithoutDigest(entries: number, ...flags: string[]): Promise<Report> {
  const report = await loadHere<Report>('--entry-count', `${entries}`, ...RING, ...flags);
  expect(report).toMatchObject({
    entries,
    received: entries,
    lost: 0,
    duplicated: 0,
    foreign: 0,
  });
  return report;
}

type Row = readonly [whose: string, flags: readonly string[], tenants: Record<string, number>];
const NOBODY: Row = ['', [], {}];
const TENANT: Row = [' for a tenant', ['--ingest-tenant', 'acme'], { acme: ENTRIES }];

describe.each(TRANSPORTS)('many entries by %s', (transport) => {
  const scheme = expect.stringMatching(new RegExp(`^${transport}://`));
  const common = ['--transport', transport, '--entry-size', '64', '--batch', '1024'];

  it.each(scaled([NOBODY], [NOBODY, TENANT]))(
    'arrive%s',
    async (_whose, tenant, tenants) => {
      const report = await load(ENTRIES, ...common, ...tenant);
      expect(report).toMatchObject({
        transports: [transport],
        compression: 'none',
        lanes: [{ target: scheme }],
      });
      expect(report.tenants).toEqual(tenants);
      // Beside the frames, what is said before and between them.
      const frames = ENTRIES * (FRAME_BYTES + 64);
      expect(report.wireBytes).toBeGreaterThan(frames);
      expect(report.wireBytes).toBeLessThan(frames + 100_000);
    },
    TIMEOUT_MS,
  );

  it.each(scaled([TENANT], [NOBODY, TENANT]))(
    'arrive compressed%s',
    async (_whose, tenant, tenants) => {
      const flags = ['--compression', '--content', 'text'];
      const report = await load(ENTRIES, ...common, ...flags, ...tenant);
      expect(report).toMatchObject({
        transports: [transport],
        compression: 'snappy',
        lanes: [{ target: scheme }],
      });
      expect(report.tenants).toEqual(tenants);
      expect(report.wireBytes).toBeLessThan(report.bytes);
    },
    TIMEOUT_MS,
  );
});

it.each(scaled(['pipe'], TRANSPORTS))(
  'an indexer that confirms at once keeps its connection by %s',
  async (how) => {
    // The operating system takes writes in parts, and the last one may be confirmed before it says so.
    const flags = ['--transport', how, '--entry-size', '1000', '--batch', '1024'];
    const report = await loadWithoutDigest(2 * ENTRIES, ...flags);
    expect(report).toMatchObject({ resent: 0, lanes: [{ reconnects: 0 }] });
  },
  TIMEOUT_MS,
);

describe('shared memory that is encrypted while the ring goes on', () => {
  /** Many times the ring. */
  const bytes = scaled(16 * 2 ** 20, 768 * 2 ** 20);

  const rows: readonly [string, number][] = [
    ['large entries', 1_048_576],
    ['entries of 16 KiB', 16_384],
    ['small entries', 1000],
  ];

  it.each(scaled(rows.slice(0, 2), rows))(
    'arrives unharmed as %s',
    async (_what, size) => {
      const entries = Math.floor(bytes / size);
      const report = await load(entries, '--transport', 'tls', '--entry-size', `${size}`);
      expect(report.bytes).toBe(entries * size);
    },
    TIMEOUT_MS,
  );
});
