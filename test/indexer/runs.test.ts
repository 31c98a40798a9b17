import { encodeDittoBlock, encodeForceAck, type IndexerTag } from '@ringest/codec';
import { type EntryHandler, EntryReader } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../support/ingester-client.js';
import { MemoryStream } from '../support/memory-stream.js';
import { readIndexerSide, recorded } from '../support/sessions.js';
import { turn } from '../support/waiting.js';

function start(handler: Partial<EntryHandler> = {}) {
  /** What the handler was told, in order. */
  const told: string[] = [];
  const stream = new MemoryStream();
  const reader = new EntryReader(stream, {
    onEntry: (entry) => {
      if (entry.dataLength === 666) throw new Error('not this one');
    },
    onRunEnd: ({ frames, entries, isDitto }) => {
      told.push(`${isDitto ? 'ditto' : 'run'} of ${entries}, ${frames.length} bytes`);
    },
    beforeConfirm: () => {
      told.push('confirm');
    },
    onDittoBlock: (entries) => {
      told.push(`block of ${entries}`);
    },
    negotiateTag: () => 500 as IndexerTag,
    ...handler,
  });
  const run = reader.run();
  run.catch(() => {});
  return { stream, run, told };
}

function frame(id: number, bytes = 4): Buffer {
  return encodeFrame(id, {
    timestamp: 0,
    tag: 7,
    data: Buffer.alloc(bytes),
    source: '10.0.0.1',
  });
}

function frames(count: number, firstId = 1): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => frame(firstId + i)));
}

async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn();
}

function confirmations(stream: MemoryStream): number {
  const handshake = recorded('session-plain', 'indexer').slice(0, 3);
  return readIndexerSide([...handshake, stream.output]).filter(
    ({ kind }) => kind === 'confirmEntry',
  ).length;
}

describe('a handler of runs', () => {
  it('gets entries that lie back to back at once, and what is cut in two by itself', async () => {
    const { stream, told } = start();
    const bytes = frames(3);
    stream.receive(bytes.subarray(0, 120));
    stream.receive(bytes.subarray(120));
    await settle();
    expect(told).toEqual(['run of 2, 100 bytes', 'run of 1, 50 bytes', 'confirm']);
  });

  it('gets every run before any of its entries is confirmed, however many they are', async () => {
    const { stream, told } = start();
    stream.receive(frames(12_000));
    await settle();
    expect(told).toEqual([
      'run of 5461, 273050 bytes',
      'confirm',
      'run of 5461, 273050 bytes',
      'confirm',
      'run of 1078, 53900 bytes',
      'confirm',
    ]);
    expect(confirmations(stream)).toBe(12_000);
  });

  it('gets the entries of ditto blocks as runs of their own, before the end of the block', async () => {
    const { stream, told } = start();
    const block = Buffer.concat([encodeDittoBlock(2), frames(2, 10)]);
    stream.receive(Buffer.concat([frames(1), block, frames(3, 20), encodeForceAck()]));
    await settle();
    expect(told).toEqual([
      'run of 1, 50 bytes',
      'ditto of 2, 100 bytes',
      'confirm',
      'block of 2',
      'confirm',
      'run of 3, 150 bytes',
      'confirm',
    ]);
  });

  it('gets the entries before one that ends the connection, and they are confirmed', async () => {
    const { stream, run, told } = start();
    stream.receive(Buffer.concat([frames(2), frame(3, 666), frame(4)]));
    await expect(run).rejects.toThrow('not this one');
    expect(told).toEqual(['run of 2, 100 bytes', 'confirm']);
    expect(confirmations(stream)).toBe(2);
  });

  it('that fails has none of its run confirmed, and all before it', async () => {
    let runs = 0;
    const { stream, run } = start({
      onRunEnd() {
        runs++;
        if (runs === 2) throw new Error('no room');
      },
    });
    stream.receive(frames(2));
    stream.receive(frames(3, 3));
    await expect(run).rejects.toThrow('no room');
    expect(confirmations(stream)).toBe(2);
  });

  it('that returns a promise has its run confirmed once that is fulfilled', async () => {
    let take = () => {};
    const taken = new Promise<void>((resolve) => {
      take = resolve;
    });
    const { stream } = start({ onRunEnd: () => taken });
    stream.receive(frames(2));
    await settle();
    expect(confirmations(stream)).toBe(0);
    take();
    await settle();
    expect(confirmations(stream)).toBe(2);
  });
});
