import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { Writable } from 'node:stream';
import {
  Compression,
  DecodeError,
  encodeChallenge,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodePong,
  encodeState,
  encodeTagResponse,
  IndexerStreamDecoder,
  SnappyFramingEncoder,
  Source,
  State,
} from '@ringest/codec';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DittoEnd } from '../../packages/workers/dist/boundary.js';
import { RECEIVE_AT, TO_INDEXER_AT } from '../../packages/workers/dist/boundary.js';
import { encodeFrame } from '../../packages/workers/dist/frame.js';
import { kernelModule } from '../../packages/workers/dist/kernel.js';
import { LargeFrames } from '../../packages/workers/dist/large-frames.js';
import { Meter } from '../../packages/workers/dist/meter.js';
import { Outlet } from '../../packages/workers/dist/outlet.js';
import { createLaneMemory, Ring } from '../../packages/workers/dist/ring.js';
import { RingReader } from '../../packages/workers/dist/ring-reader.js';
import { RingWriter } from '../../packages/workers/dist/ring-writer.js';
import { Stream } from '../../packages/workers/dist/stream.js';
import { TagTables } from '../../packages/workers/dist/tag-tables.js';
import { unpack } from '../support/snappy.js';

/** Milliseconds, of which a test lasts fewer. */
const TIMES = {
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

/** A socket that takes each write only when it is told to. */
class SlowSocket extends Writable {
  readonly written: Buffer[] = [];
  readonly #callbacks: (() => void)[] = [];

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.written.push(chunk);
    this.#callbacks.push(callback);
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

function makeStream(compression: Compression = Compression.none) {
  const memory = createLaneMemory(65536);
  new Uint16Array(memory.buffer, TO_INDEXER_AT, 1)[0] = 900;
  const ring = new Ring(memory, kernelModule());
  const writer = new RingWriter(new Ring(memory, kernelModule()));
  const reader = new RingReader(ring);
  const socket = new SlowSocket();
  const lost: unknown[] = [];
  const ends: [key: number, end: DittoEnd][] = [];
  onTestFinished(() => stream.end());
  const stream = new Stream({
    reader,
    outlet: new Outlet(socket as unknown as Socket, compression, () => {}),
    decoder: commandDecoder(),
    large: new LargeFrames(() => {}),
    meter: new Meter(ring.control, createHistogram()),
    local: Source.parse('127.0.0.1'),
    tables: new TagTables(memory),
    rateLimit: undefined,
    times: TIMES,
    indexerVersion: 9,
    compression,
    events: {
      released: () => {},
      tagAnswered: () => {},
      refusedName: () => undefined,
      dittoEnded: (key, end) => ends.push([key, end]),
      lost: (error) => lost.push(error),
    },
  });
  const write = (data: string) => {
    writer.write(0, 0, 0, undefined, data, undefined);
    writer.commit();
    stream.pump();
  };
  const receive = (...messages: Buffer[]) => {
    const bytes = Buffer.concat(messages);
    ring.bytes.set(bytes, RECEIVE_AT);
    stream.received(bytes.length);
  };
  return { stream, socket, write, receive, reader, lost, ends };
}

describe('a stream', () => {
  it('goes on after a flush that was the last of what its socket was full of', async () => {
    const { stream, socket, write } = makeStream();
    write('one');
    stream.flush();
    await socket.release();
    await socket.release();
    write('two');
    await socket.release();
    const sent = Buffer.concat(socket.written).toString('latin1');
    expect(sent).toContain('one');
    expect(sent).toContain('two');
  });

  it('reads runs of confirmations around other commands, at any boundaries', async () => {
    const confirmations = [1, 2, 3, 4, 5].map(encodeConfirmEntry);
    const [first, second, ...others] = confirmations as [Buffer, Buffer, ...Buffer[]];
    const whole = Buffer.concat([encodePong(), first, second, first, encodePong(), ...others]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { socket, write, receive, reader, lost } = makeStream();
      for (let i = 0; i < 5; i++) {
        write(`entry ${i}`);
        await socket.release();
      }
      receive(whole.subarray(0, cut));
      receive(whole.subarray(cut));
      expect(reader.unconfirmed, `cut at ${cut}`).toBe(0);
      expect(lost).toEqual([]);
    }
  });

  it('does not end a ditto block that is confirmed before it is wholly sent, until it is', async () => {
    const { stream, socket, receive, ends } = makeStream();
    const block = (key: number) => {
      const frames = Buffer.alloc(100);
      encodeFrame({ ...NOTHING, data: Buffer.alloc(54) }, frames);
      return { key, count: 1, frames };
    };
    stream.ditto(block(7));
    receive(encodeConfirmDittoBlock(0));
    expect(ends).toEqual([]);
    await socket.release();
    await socket.release();
    expect(ends).toEqual([[7, { kind: 'stored' }]]);
    stream.ditto(block(8));
    receive(encodeConfirmDittoBlock(5));
    stream.end();
    stream.socketClosed();
    expect(ends[1]).toEqual([8, { kind: 'refused', result: 5 }]);
  });

  it('is lost with a confirmation of an entry that was never sent, and keeps the others', async () => {
    const { socket, write, receive, reader, lost } = makeStream();
    write('one');
    await socket.release();
    receive(encodeConfirmEntry(1), encodeConfirmEntry(2));
    expect(reader.unconfirmed).toBe(0);
    expect(String(lost[0])).toContain('never sent');
  });

  it('keeps the bytes of what is confirmed before it is wholly sent, until it is', async () => {
    const { socket, write, receive, reader, lost } = makeStream();
    write('one');
    receive(encodeConfirmEntry(1));
    expect(reader.unconfirmed).toBeGreaterThan(0);
    await socket.release();
    expect(reader.unconfirmed).toBe(0);
    write('two');
    write('three');
    receive(encodeConfirmEntry(2));
    await socket.release();
    expect(reader.unconfirmed).toBeGreaterThan(0);
    receive(encodeConfirmEntry(3));
    expect(reader.unconfirmed).toBeGreaterThan(0);
    await socket.release();
    expect(reader.unconfirmed).toBe(0);
    expect(lost).toEqual([]);
  });

  it('takes the confirmation of an entry that is sent, whatever is written behind it', async () => {
    const { stream, socket, write, receive, reader, lost } = makeStream();
    write('one');
    stream.flush();
    await socket.release();
    receive(encodeConfirmEntry(1));
    expect(lost).toEqual([]);
    expect(reader.unconfirmed).toBe(0);
  });

  it('sends compressed what was agreed to be', async () => {
    const { socket, write, receive, reader, lost } = makeStream(Compression.snappy);
    const packer = new SnappyFramingEncoder();
    write('one '.repeat(1000));
    await socket.release();
    receive(packer.encode(encodeConfirmEntry(1)));
    expect(reader.unconfirmed).toBe(0);
    write('two');
    await socket.release();
    const sent = Buffer.concat(socket.written);
    expect(sent.length).toBeLessThan(1000);
    const plain = unpack(sent).toString('latin1');
    expect(plain).toContain('one '.repeat(1000));
    expect(plain).toContain('two');
    expect(lost).toEqual([]);
  });

  it('reads compressed confirmations at any boundaries, in chunks of any size', async () => {
    const packer = new SnappyFramingEncoder();
    const confirmations = Buffer.concat(
      Array.from({ length: 6000 }, (_, i) => encodeConfirmEntry(i + 1)),
    );
    const pongs = Buffer.alloc(65536, encodePong());
    const whole = Buffer.concat([pongs, confirmations].map((bytes) => packer.encode(bytes)));
    for (let cut = 0; cut <= whole.length; cut += 101) {
      const { socket, write, receive, reader, lost } = makeStream(Compression.snappy);
      for (let i = 0; i < 5; i++) {
        write(`entry ${i}`);
        await socket.release();
      }
      receive(whole.subarray(0, cut));
      receive(whole.subarray(cut));
      expect(reader.unconfirmed, `cut at ${cut}`).toBe(0);
      // The sixth was never sent.
      expect(lost).toHaveLength(1);
    }
  });

  it.each([
    ['a chunk with a wrong checksum', 'ff060000734e61507059' + '01090000bb1f1c1868656c6c6f'],
    ['a block that promises 4 GiB', 'ff060000734e61507059' + '0009000000000000ffffffff0f'],
    ['bytes that are not compressed', 'f6e0307e0100000000000000'],
  ])('is lost with %s', (_name, hex) => {
    const { receive, lost } = makeStream(Compression.snappy);
    receive(Buffer.from(hex, 'hex'));
    expect(lost[0]).toBeInstanceOf(DecodeError);
  });
});
