// Opens a producer, and does what messages ask for. It answers each with the result, or with the error.
import { pipeline } from 'node:stream/promises';
import { workerData } from 'node:worker_threads';
import { openProducer } from '@ringest/core';

const { handle, port } = workerData;
const producer = openProducer(handle);
producer.on('drain', () => port.postMessage({ event: 'drain' }));
const lineWriters = new Map();

/** The data of an entry with a number. */
const text = (number, bytes) => `${number}`.padEnd(bytes, '.');

const actions = {
  /** Writes entries with the numbers from `from` on, and waits for room where there is none. */
  async write({ from, count, bytes = 100, tag = 0, way = 'writeEntry' }) {
    const numbers = Array.from({ length: count }, (_, i) => from + i);
    const entries = numbers.map((i) => ({
      timestamp: new Date(1000 * i),
      tag,
      data: text(i, bytes),
    }));
    if (way === 'writeEntry') {
      for (const entry of entries) await producer.writeEntry(entry);
    } else if (way === 'writeBatch') {
      await producer.writeBatch(entries);
    } else if (way === 'writePacked') {
      const packed = Buffer.from(entries.map(({ data }) => data).join(''));
      const offsets = Uint32Array.from({ length: count + 1 }, (_, i) => i * bytes);
      const timestamps = { seconds: Float64Array.from(numbers) };
      await producer.writePacked(packed, offsets, { tag, timestamps });
    } else {
      if (!lineWriters.has(tag)) lineWriters.set(tag, producer.lineWriter({ tag, timestamp: 0 }));
      await lineWriters.get(tag).write(entries.map(({ data }) => `${data}\n`).join(''));
    }
    // What is written is committed at the end of the turn.
    await new Promise(setImmediate);
  },
  /** Writes without waiting until a write has to wait. Returns how many entries were written. */
  async fill({ from, bytes }) {
    for (let next = from; ; next++) {
      const waits = producer.writeEntry({ timestamp: 0, tag: 0, data: text(next, bytes) });
      waits?.catch(() => {});
      if (waits !== undefined) return next + 1 - from;
      if (next % 16 === 0) await new Promise(setImmediate);
    }
  },
  /** Writes and syncs without end. After each sync it says up to where everything is confirmed. */
  async writeAndSync({ from, bytes, perRound, way }) {
    for (let next = from; ; next += perRound) {
      await actions.write({ from: next, count: perRound, bytes, way });
      await producer.sync();
      port.postMessage({ event: 'synced', value: next + perRound });
    }
  },
  /** Writes in one turn, and ends the thread at the end of that turn, after what is written is committed. */
  writeAndExit({ from, count, bytes }) {
    for (let i = from; i < from + count; i++) {
      producer.writeEntry({ timestamp: 0, tag: 0, data: text(i, bytes) });
    }
    setImmediate(() => process.exit(3));
  },
  /** Writes lines to a stream, and ends the thread as soon as the stream has finished. */
  async streamAndExit({ from, count, bytes }) {
    const lines = Array.from({ length: count }, (_, i) => `${text(from + i, bytes)}\n`);
    await pipeline(lines, producer.writable({ tag: 0, lines: true, finishWhen: 'accepted' }));
    process.exit(3);
  },
  writeAndCrash(options) {
    for (let i = options.from; i < options.from + options.count; i++) {
      producer.writeEntry({ timestamp: 0, tag: 0, data: text(i, options.bytes) });
    }
    setImmediate(() => {
      throw new Error('a crash on purpose');
    });
  },
  /** Writes lines that are longer than the line writer allows. */
  refuse({ lines }) {
    const writer = producer.lineWriter({ tag: 0, maxLineBytes: 10, longLines: 'refuse' });
    writer.write(lines);
  },
  call: ({ method, args }) => producer[method](...args),
};

port.on('message', async ({ key, action, ...options }) => {
  try {
    port.postMessage({ key, value: await actions[action](options) });
  } catch (error) {
    const { name, code, message, index } = error;
    port.postMessage({ key, error: { name, code, message, index } });
  }
});
// The producer keeps the thread alive, and not its test.
port.unref();
port.postMessage({ event: 'open' });
