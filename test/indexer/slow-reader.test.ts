import {
  encodeApiVersion,
  encodeDittoBlock,
  encodeForceAck,
  encodeIngestOk,
  encodePing,
  encodeStreamConfiguration,
  encodeTag,
  type IndexerCommand,
  type IndexerTag,
  SnappyFramingEncoder,
} from '@ringest/codec';
import { type EntryHandler, EntryReader } from '@ringest/indexer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeFrame } from '../support/ingester-client.js';
import { MemoryStream } from '../support/memory-stream.js';
import { readIndexerSide, recorded } from '../support/sessions.js';
import { unpack } from '../support/snappy.js';

const MILLISECOND = 1e6;

beforeEach(() => {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'];
  vi.useFakeTimers({ toFake: toFake as ['setTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A reader at work, on a clock of the test's. */
function start(handler: Partial<EntryHandler> = {}) {
  const stream = new MemoryStream();
  let entries = 0;
  const reader = new EntryReader(stream, {
    onEntry() {
      entries++;
    },
    negotiateTag: () => 500 as IndexerTag,
    ...handler,
  });
  const run = reader.run();
  run.catch(() => {});
  return { stream, reader, run, entries: () => entries };
}

function frames(count: number, firstId = 1, bytes = 4): Buffer {
  const entry = { timestamp: 0, tag: 7, data: Buffer.alloc(bytes), source: '10.0.0.1' };
  return Buffer.concat(Array.from({ length: count }, (_, i) => encodeFrame(firstId + i, entry)));
}

/** Lets bytes arrive, and everything happen that takes no time. */
async function arrive(stream: MemoryStream, ...pieces: Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    stream.receive(piece);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
}

/** What was said, but PONGs. */
function said(output: Buffer): IndexerCommand[] {
  const handshake = recorded('session-plain', 'indexer').slice(0, 3);
  const commands = readIndexerSide([...handshake, output]).slice(3) as IndexerCommand[];
  return commands.filter(({ kind }) => kind !== 'pong');
}

function confirmed(output: Buffer): number[] {
  return said(output).flatMap((command) => (command.kind === 'confirmEntry' ? [command.id] : []));
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('delayed confirmations', () => {
  it('leave as much later as they should, and never before', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 200;
    await arrive(stream, frames(2));
    vi.advanceTimersByTime(100);
    await arrive(stream, frames(2, 3));
    vi.advanceTimersByTime(99);
    expect(confirmed(stream.output)).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(confirmed(stream.output)).toEqual([1, 2]);
    vi.advanceTimersByTime(98);
    expect(confirmed(stream.output)).toEqual([1, 2]);
    vi.advanceTimersByTime(2);
    expect(confirmed(stream.output)).toEqual([1, 2, 3, 4]);
  });

  it('leave as fast as entries come, in their order', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 1000;
    const count = 20_000;
    for (let id = 1; id <= count; id += 100) {
      await arrive(stream, frames(100, id));
      vi.advanceTimersByTime(2);
    }
    vi.advanceTimersByTime(600);
    expect(confirmed(stream.output)).toEqual(ids(count).slice(0, confirmed(stream.output).length));
    vi.advanceTimersByTime(402);
    expect(confirmed(stream.output)).toEqual(ids(count));
  });

  it('are not hastened by FORCE_ACK, and do not delay other replies', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 50;
    await arrive(stream, Buffer.concat([frames(1), encodeForceAck(), encodeTag('new')]));
    expect(said(stream.output)).toEqual([{ kind: 'confirmTag', tag: 500 }]);
    vi.advanceTimersByTime(51);
    expect(confirmed(stream.output)).toEqual([1]);
  });

  it('keep their order with those of ditto blocks', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 50;
    await arrive(stream, frames(1), encodeDittoBlock(2), frames(2), frames(1, 2));
    expect(stream.output).toHaveLength(0);
    vi.advanceTimersByTime(51);
    expect(said(stream.output)).toEqual([
      { kind: 'confirmEntry', id: 1 },
      { kind: 'confirmDittoBlock', result: 0 },
      { kind: 'confirmEntry', id: 2 },
    ]);
  });

  it('keep their order when the delay becomes shorter, or ends', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 500;
    await arrive(stream, frames(1));
    reader.ackDelay = 0;
    await arrive(stream, frames(1, 2));
    vi.advanceTimersByTime(499);
    expect(confirmed(stream.output)).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(confirmed(stream.output)).toEqual([1, 2]);
    await arrive(stream, frames(1, 3));
    expect(confirmed(stream.output)).toEqual([1, 2, 3]);
  });

  it('leave in their time for an ingester that has ended its half', async () => {
    const { stream, reader, run } = start();
    reader.ackDelay = 200;
    await arrive(stream, frames(3));
    stream.receiveEnd();
    await settle();
    vi.advanceTimersByTime(199);
    expect(stream.output).toHaveLength(0);
    expect(stream.writableEnded).toBe(false);
    vi.advanceTimersByTime(2);
    await run;
    expect(confirmed(stream.output)).toEqual([1, 2, 3]);
    expect(stream.writableEnded).toBe(true);
  });

  it('leave at once when the indexer ends the connection', async () => {
    const { stream, reader, run } = start();
    reader.ackDelay = 200;
    await arrive(stream, frames(3));
    reader.stop();
    await run;
    expect(confirmed(stream.output)).toEqual([1, 2, 3]);
  });

  it('are no danger to a stream configuration, and are compressed after one', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 50;
    await arrive(stream, Buffer.concat([frames(1), encodeApiVersion(9), encodeIngestOk()]));
    expect(said(stream.output).map(({ kind }) => kind)).toEqual([
      'confirmApiVersion',
      'confirmEntry',
      'confirmIngestOk',
    ]);
    vi.advanceTimersByTime(100);
    await arrive(stream, encodeStreamConfiguration(0x10));
    const plainBytes = stream.output.length;
    await arrive(stream, new SnappyFramingEncoder().encode(frames(2, 2)));
    expect(stream.output).toHaveLength(plainBytes);
    vi.advanceTimersByTime(51);
    const plain = unpack(stream.output.subarray(plainBytes));
    expect(confirmed(plain)).toEqual([2, 3]);
  });

  it('are forgotten with a connection that is lost', async () => {
    const { stream, reader, run } = start();
    reader.ackDelay = 50;
    await arrive(stream, frames(1));
    stream.destroy();
    await run;
    expect(vi.getTimerCount()).toBe(0);
    expect(stream.output).toHaveLength(0);
  });
});

describe('a rate of reading', () => {
  const CHUNK = 10_000;
  const PER_CHUNK = 100;
  const chunk = frames(PER_CHUNK, 1, CHUNK / PER_CHUNK - 46);

  it('is met on average, within 5 %', async () => {
    const { stream, reader, entries } = start();
    reader.readRate = 100_000;
    for (let i = 0; i < 200; i++) stream.receive(chunk);
    await settle();
    for (let elapsed = 0; elapsed < 10_000; elapsed += 5) {
      vi.advanceTimersByTime(5);
      await settle();
    }
    const bytes = (entries() / PER_CHUNK) * CHUNK;
    expect(bytes).toBeGreaterThan(950_000);
    expect(bytes).toBeLessThan(1_050_000);
  });

  it('keeps a stream paused, so that the sender feels it', async () => {
    const { stream, reader, entries } = start();
    reader.readRate = 10_000;
    await arrive(stream, chunk, chunk);
    expect(stream.isPaused()).toBe(true);
    expect(entries()).toBe(PER_CHUNK);
    vi.advanceTimersByTime(1001);
    await settle();
    expect(entries()).toBe(2 * PER_CHUNK);
  });

  it('can be changed during a pause, which ends', async () => {
    const { stream, reader, entries } = start();
    reader.readRate = 1024;
    await arrive(stream, chunk, chunk, chunk);
    expect(entries()).toBe(PER_CHUNK);
    reader.readRate = 0;
    await settle();
    expect(entries()).toBe(3 * PER_CHUNK);
    expect(stream.isPaused()).toBe(false);
  });

  it('is not taken for silence of the ingester', async () => {
    const { stream, reader, entries } = start();
    reader.readRate = 1024;
    const large = encodeFrame(1, { timestamp: 0, tag: 7, data: Buffer.alloc(1024 * 700) });
    await arrive(stream, large, frames(1, 2));
    vi.advanceTimersByTime(650_000);
    await settle();
    expect(stream.writableEnded).toBe(false);
    vi.advanceTimersByTime(60_000);
    await settle();
    expect(entries()).toBe(2);
  });
});

describe('throttling', () => {
  it('is for those whose entries flow', async () => {
    const { stream, reader } = start();
    reader.throttleIfBusy(20 * MILLISECOND);
    expect(stream.output).toHaveLength(0);
    await arrive(stream, frames(1));
    reader.throttleIfBusy(20 * MILLISECOND);
    reader.throttleIfBusy(20 * MILLISECOND);
    expect(said(stream.output)).toEqual([
      { kind: 'confirmEntry', id: 1 },
      { kind: 'throttle', nanoseconds: 20 * MILLISECOND },
    ]);
  });

  it('says nothing by itself before it is over: that would end it', async () => {
    const { stream, reader } = start();
    reader.throttle(3000 * MILLISECOND);
    await arrive(stream, frames(2), encodeForceAck());
    vi.advanceTimersByTime(2999);
    expect(stream.output).toHaveLength(12);
    vi.advanceTimersByTime(2);
    expect(confirmed(stream.output)).toEqual([1, 2]);
    await arrive(stream, frames(1, 3), encodePing());
    expect(confirmed(stream.output)).toEqual([1, 2, 3]);
  });

  it('holds back what was delayed, too', async () => {
    const { stream, reader } = start();
    reader.ackDelay = 50;
    await arrive(stream, frames(2));
    reader.throttle(100 * MILLISECOND);
    vi.advanceTimersByTime(99);
    expect(confirmed(stream.output)).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(confirmed(stream.output)).toEqual([1, 2]);
  });
});

describe('what is done before entries are confirmed', () => {
  it.each([
    ['when the event loop has read what there is', [frames(1)]],
    ['at a FORCE_ACK', [Buffer.concat([frames(1), encodeForceAck(), frames(1, 2)])]],
    ['at another reply', [Buffer.concat([frames(1), encodePing(), frames(1, 2)])]],
    ['with more confirmations than one write takes', [frames(12_000)]],
    ['for a ditto block', [Buffer.concat([encodeDittoBlock(2), frames(2)])]],
    [
      'for a ditto block after entries',
      [Buffer.concat([frames(1), encodeDittoBlock(1), frames(1)])],
    ],
  ])('is done before the first byte about them leaves: %s', async (_name, pieces) => {
    for (const ackDelay of [0, 50]) {
      let durable = 0;
      const { stream, reader, entries } = start({
        beforeConfirm() {
          durable = entries();
        },
      });
      reader.ackDelay = ackDelay;
      const writes: [durable: number, confirmed: number][] = [];
      const write = stream._write.bind(stream);
      stream._write = (bytes, encoding, done) => {
        write(bytes, encoding, done);
        const isBlock = said(stream.output).some(({ kind }) => kind === 'confirmDittoBlock');
        writes.push([durable, isBlock ? entries() : confirmed(stream.output).length]);
      };
      await arrive(stream, ...pieces);
      vi.advanceTimersByTime(60);
      await settle();
      expect(writes.length).toBeGreaterThan(0);
      for (const [before, after] of writes) expect(before).toBeGreaterThanOrEqual(after);
      expect(durable).toBe(entries());
      reader.stop();
    }
  });

  it.each([
    ['alone', [frames(2)]],
    ['before a reply', [Buffer.concat([frames(2), encodePing()])]],
    ['in a ditto block', [Buffer.concat([encodeDittoBlock(2), frames(2)])]],
    ['with the end of the connection', [frames(2), 'end' as const]],
  ])('leaves them unconfirmed and ends the connection if it fails: %s', async (_name, pieces) => {
    let calls = 0;
    const { stream, run } = start({
      beforeConfirm() {
        calls++;
        throw new Error('the disk is full');
      },
    });
    for (const piece of pieces) {
      if (piece === 'end') stream.receiveEnd();
      else stream.receive(piece);
    }
    await expect(run).rejects.toThrow('the disk is full');
    expect(calls).toBe(1);
    expect(said(stream.output)).toEqual([]);
    expect(stream.writableEnded).toBe(true);
  });

  it('leaves those confirmed that were delayed when it fails later', async () => {
    let isFull = false;
    const { stream, reader, run } = start({
      beforeConfirm() {
        if (isFull) throw new Error('the disk is full');
      },
    });
    reader.ackDelay = 50;
    await arrive(stream, frames(2));
    isFull = true;
    stream.receive(frames(2, 3));
    await expect(run).rejects.toThrow('the disk is full');
    expect(confirmed(stream.output)).toEqual([1, 2]);
  });
});
