import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { Writable } from 'node:stream';
import {
  Compression,
  encodeChallenge,
  encodeState,
  encodeTagResponse,
  IndexerStreamDecoder,
  Source,
  State,
} from '@ringest/codec';
import type { RateLimit } from '@ringest/workers/internal';
import {
  type ConnectionTimes,
  createLaneMemory,
  type DittoEnd,
  encodeFrame,
  HotConnection,
  kernelModule,
  LargeFrameViews,
  Meter,
  RECEIVE_AT,
  Ring,
  RingReader,
  RingWriter,
  SocketWriter,
  TagRequests,
  TagTranslation,
  TO_INDEXER_AT,
} from '@ringest/workers/internal';
import { onTestFinished } from 'vitest';
import { TestClock } from './test-clock.js';

/** Milliseconds that pass only where a test lets them. */
const TIMES: ConnectionTimes = {
  dial: 60_000,
  tls: 60_000,
  handshake: 60_000,
  notReady: 60_000,
  firstRetry: 60_000,
  mostRetry: 60_000,
  silence: 60_000,
  confirmation: 60_000,
};

const NOTHING = { seconds: 0, nanoseconds: 0, tag: 0, source: undefined, values: undefined };

/** A socket that takes each write only when it is told to, or at once. */
export class SlowSocket extends Writable {
  readonly written: Buffer[] = [];
  takesAtOnce = false;
  readonly #callbacks: (() => void)[] = [];

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.written.push(chunk);
    if (this.takesAtOnce) callback();
    else this.#callbacks.push(callback);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], callback: () => void): void {
    this.written.push(...chunks.map(({ chunk }) => chunk));
    this.#callbacks.push(callback);
  }

  async release(): Promise<void> {
    this.#callbacks.shift()?.();
    await new Promise(setImmediate);
  }
}

/** A decoder that has read a handshake. */
function commandDecoder(): IndexerStreamDecoder {
  const decoder = new IndexerStreamDecoder();
  decoder.push(encodeChallenge({ iterations: 0, random: Buffer.alloc(32), version: 9 }));
  decoder.push(encodeState({ id: State.authenticated, info: '' }));
  decoder.push(encodeTagResponse({ test: 900 }));
  while (decoder.next() !== undefined);
  return decoder;
}

/** What a stream is made of, unless a test says otherwise. */
interface Given {
  readonly compression?: Compression;
  readonly times?: Partial<ConnectionTimes>;
  readonly rateLimit?: (clock: TestClock) => RateLimit;
}

/** A hot connection without a thread: its socket, its ring, its clock, and what became of it. */
export function makeStream({ compression = Compression.none, times, rateLimit }: Given = {}) {
  const clock = new TestClock();
  const limit = rateLimit?.(clock);
  const memory = createLaneMemory(65536);
  new Uint16Array(memory.buffer, TO_INDEXER_AT, 1)[0] = 900;
  const ring = new Ring(memory, kernelModule());
  const writer = new RingWriter(new Ring(memory, kernelModule()));
  const reader = new RingReader(ring);
  const socket = new SlowSocket();
  const lost: unknown[] = [];
  const ends: [key: number, end: DittoEnd][] = [];
  onTestFinished(() => stream.end());
  const stream = new HotConnection({
    reader,
    writer: new SocketWriter(socket as unknown as Socket, compression, (bytes) =>
      limit?.spend(bytes),
    ),
    decoder: commandDecoder(),
    large: new LargeFrameViews(() => {}),
    meter: new Meter(ring.control, createHistogram(), clock),
    local: Source.parse('127.0.0.1'),
    translation: new TagTranslation(memory),
    requests: new TagRequests([]),
    rateLimit: limit,
    times: { ...TIMES, ...times },
    clock,
    indexerVersion: 9,
    compression,
    events: {
      released: () => {},
      tagAnswered: () => {},
      throttled: () => {},
      dittoEnded: (key, end) => ends.push([key, end]),
      lost: (error) => lost.push(error),
    },
  });
  const write = (data: string) => {
    writer.write(0, 0, 0, undefined, data, undefined);
    writer.commit();
    stream.sender.pump();
  };
  const receive = (...messages: Buffer[]) => {
    const bytes = Buffer.concat(messages);
    ring.bytes.set(bytes, RECEIVE_AT);
    stream.received(bytes.length);
  };
  return { stream, socket, writer, write, receive, reader, lost, ends, clock };
}

/** A ditto block of one entry. */
export function dittoBlock(key: number) {
  const frames = Buffer.alloc(100);
  encodeFrame({ ...NOTHING, data: Buffer.alloc(54) }, frames);
  return { key, count: 1, frames };
}
