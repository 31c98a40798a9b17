import {
  BatchError,
  type EnumeratedInput,
  type EnumeratedScalar,
  IngestMuxer,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTagError,
  InvalidTimestampError,
  type LaneState,
  type LogLevel,
  type LossReason,
  OversizedEntryError,
  OversizedEnumeratedBlockError,
  RingCorruptError,
  RingestError,
  type SourceInput,
} from '@ringest/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ENTRY = { timestamp: 0, tag: 0, data: 'a' };
const OVERSIZED = new Uint8Array(2 ** 30);
const MANY: EnumeratedInput = Object.fromEntries(
  Array.from({ length: 600 }, (_, i): [string, EnumeratedScalar] => [`v${i}`, 'x'.repeat(60_000)]),
);

const thrown: [kind: abstract new (...parts: never[]) => Error, (muxer: IngestMuxer) => unknown][] =
  [
    [InvalidTagError, (muxer) => muxer.negotiateTag('a b')],
    [InvalidTimestampError, (muxer) => muxer.writeEntry({ ...ENTRY, timestamp: 'today' })],
    [InvalidSourceError, (muxer) => muxer.writeEntry({ ...ENTRY, source: 'here' as SourceInput })],
    [InvalidEntryError, (muxer) => muxer.writeEntry({ ...ENTRY, data: 5 as never })],
    [
      InvalidEnumeratedValueError,
      (muxer) => muxer.writeEntry({ ...ENTRY, enumeratedValues: { '': 1 } }),
    ],
    [
      OversizedEnumeratedBlockError,
      (muxer) => muxer.writeEntry({ ...ENTRY, enumeratedValues: MANY }),
    ],
    [OversizedEntryError, (muxer) => muxer.writeEntry({ ...ENTRY, data: OVERSIZED })],
    [BatchError, (muxer) => muxer.writeBatch([{ ...ENTRY, tag: 7 }])],
  ];

describe('what an ingester imports from @ringest/core alone', () => {
  let muxer: IngestMuxer;

  beforeAll(() => {
    const level: LogLevel = 'warn';
    muxer = new IngestMuxer({
      targets: ['tcp://127.0.0.1:1'],
      secret: 'x',
      tags: ['test'],
      selfIngest: { level },
      closeTimeout: 20,
    });
    muxer.start();
  });

  afterAll(async () => {
    await muxer.close();
  });

  it.each(thrown)('has the class of what is thrown: %o', (kind, call) => {
    let caught: unknown;
    try {
      call(muxer);
    } catch (error) {
      if (!(error instanceof kind)) throw error;
      caught = error;
    }
    expect(caught).toBeInstanceOf(RingestError);
  });

  it('has the words for the state of a lane and for why it was lost', async () => {
    const states: readonly LaneState[] = muxer.stats().lanes.map(({ state }) => state);
    expect(states).toHaveLength(1);
    const reason = await new Promise<LossReason>((resolve) =>
      muxer.once('lost', (error) => resolve(error.reason)),
    );
    expect(reason).toBe('dial');
    expect(RingCorruptError.prototype).toBeInstanceOf(RingestError);
  });
});
