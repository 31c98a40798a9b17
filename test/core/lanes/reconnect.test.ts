import type { EntryInput } from '@ringest/codec';
import { ConnectionError, type IngestMuxer } from '@ringest/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { confirmations, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../../support/vectors.js';
import { eventually } from '../../support/waiting.js';

const TAGS = ['zero', 'one', 'two'];

const entry = (i: number, bytes = 100): EntryInput => ({
  timestamp: i,
  tag: i % 3,
  data: Buffer.alloc(bytes, `entry ${i} `),
  source: i % 2 === 0 ? undefined : '10.0.0.1',
});

const entries = (from: number, to: number, bytes?: number): EntryInput[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i, bytes));

const arrivalsOf = (written: readonly EntryInput[]) =>
  written.map((one) => expectedArrival(one, TAGS[one.tag]));

const expected = (from: number, to: number, bytes?: number) => arrivalsOf(entries(from, to, bytes));

/** Gives tags other numbers on every connection: 100, 101, … then 201, 200, … */
const numberTags = (names: readonly string[], connection: number) => {
  const order = connection % 2 === 0 ? [...names] : names.toReversed();
  return new Map(order.map((name, i) => [name, 100 * (connection + 1) + i]));
};

async function confirmedBy(muxer: IngestMuxer, count: number): Promise<void> {
  while (muxer.stats().confirmedEntries < count) await new Promise(setImmediate);
}

describe('a connection that is lost', () => {
  it.each([0, 13, 30])(
    'is made again, and what it had not confirmed is sent again: %s of 30 were confirmed',
    async (confirmed) => {
      const indexer = await ScriptedIndexer.listen({ numberTags });
      const muxer = await hotMuxer({ targets: [indexer.address], tags: TAGS });
      const first = await indexer.hot(0);
      muxer.writeBatch(entries(0, 30));
      await first.entries(30);
      if (confirmed > 0) first.confirmThrough(confirmed);
      await confirmedBy(muxer, confirmed);
      first.socket.destroy();

      const second = await indexer.hot(1);
      muxer.writeBatch(entries(30, 40));
      await second.entries(40 - confirmed);
      second.confirmThrough(40 - confirmed);
      await muxer.sync();
      expectArrivals(first.arrivals, expected(0, 30));
      expectArrivals(second.arrivals, expected(confirmed, 40));
      expect(second.frames.map(({ id }) => id)).toEqual(
        Array.from({ length: 40 - confirmed }, (_, i) => i + 1),
      );
      expect([...new Set(second.frames.map((frame) => frame.entry.tag))].sort()).toEqual([
        200, 201, 202,
      ]);
      expect(muxer.stats()).toMatchObject({
        writtenEntries: 40,
        confirmedEntries: 40,
        resentEntries: 30 - confirmed,
        lanes: [{ reconnects: 1, state: 'hot', unconfirmedBytes: 0 }],
      });
    },
  );

  it('counts as dead at once, and as hot when it is made again', async () => {
    const indexer = await ScriptedIndexer.listen();
    const times = { firstRetry: 200, mostRetry: 200 };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const seen: unknown[] = [];
    muxer.on('lost', () => seen.push(['lost', muxer.hot(), muxer.dead(), muxer.stats().hot]));
    muxer.on('hot', () => seen.push(['hot', muxer.hot(), muxer.dead(), muxer.stats().hot]));
    (await indexer.hot(0)).socket.destroy();
    await indexer.hot(1);
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen).toEqual([
      ['lost', 0, 1, 0],
      ['hot', 1, 0, 1],
    ]);
  });

  it('is told about with its reason and the time to the next attempt', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const lost = new Promise<[ConnectionError, number]>((resolve) => {
      muxer.once('lost', (...told) => resolve(told));
    });
    const hot = new Promise((resolve) => muxer.once('hot', resolve));
    (await indexer.hot(0)).socket.end();
    const [error, retryInMs] = await lost;
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'ERR_CONNECTION',
      reason: 'lost',
      target: indexer.address,
      message: `${indexer.address}: the indexer closed the connection`,
    });
    expect(retryInMs).toBeGreaterThanOrEqual(10);
    expect(retryInMs).toBeLessThanOrEqual(20);
    expect(await hot).toBe(indexer.address);
    expect(muxer.stats().lanes[0]?.lastError).toBe(error);
  });

  it.each([
    ['closed', (socket) => socket.end()],
    ['destroyed', (socket) => socket.destroy()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ] satisfies [string, (socket: import('node:net').Socket) => void][])(
    'in the middle of much traffic, %s by the indexer, loses and alters nothing',
    async (_how, end) => {
      const indexer = await ScriptedIndexer.listen({ numberTags });
      const targets = [indexer.address];
      const muxer = await hotMuxer({ targets, tags: TAGS, ringBytes: SMALL_RING });
      const writing = (async () => {
        for (let i = 0; i < 1000; i++) {
          const wait = muxer.writeEntry(entry(i, 500));
          if (wait) await wait;
        }
      })();
      let start = 0;
      for (let number = 0; number < 4; number++) {
        const connection = await indexer.hot(number);
        let confirmed = 0;
        const most = number < 3 ? 100 + 97 * number : Number.POSITIVE_INFINITY;
        while (confirmed < most && start + confirmed < 1000) {
          await connection.entries(confirmed + 1);
          confirmed = Math.min(connection.frames.length, most);
          connection.confirmThrough(confirmed);
        }
        await confirmedBy(muxer, start + confirmed);
        const { arrivals } = connection;
        expectArrivals(arrivals, expected(start, start + arrivals.length, 500));
        start += confirmed;
        if (number < 3) end(connection.socket);
      }
      await writing;
      await muxer.sync();
      expect(start).toBe(1000);
      expect(muxer.stats()).toMatchObject({ confirmedEntries: 1000, lanes: [{ reconnects: 3 }] });
    },
  );

  it('has its cause told, not what happens while it ends', async () => {
    const indexer = await ScriptedIndexer.listen({ lingers: true });
    const muxer = await hotMuxer({ targets: [indexer.address], tags: TAGS });
    const told: ConnectionError[] = [];
    muxer.on('lost', (error) => told.push(error));
    const first = await indexer.hot(0);
    muxer.writeBatch(entries(0, 10));
    await first.entries(10);
    first.socket.once('end', () => first.socket.resetAndDestroy());
    // All ten went out in one write; four are confirmed, and then comes what is no command.
    first.write(Buffer.concat([confirmations([1, 2, 3, 4]), Buffer.alloc(4, 0xab)]));

    const second = await indexer.hot(1);
    await second.entries(6);
    second.confirmThrough(second.frames.length);
    await muxer.sync();
    expect(told.map(({ reason }) => reason)).toEqual(['protocol']);
    expectArrivals(second.arrivals, expected(4, 10));
  });

  it('gives an entry without source the address of the connection it is first sent on', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const first = await indexer.hot(0);
    muxer.writeEntry({ timestamp: 0, tag: 0, data: 'x' });
    await first.entries(1);
    first.socket.destroy();
    const second = await indexer.hot(1);
    await second.entries(1);
    expectArrivals(second.arrivals, first.arrivals);
    expect(second.frames[0]?.entry.source.toString()).toBe('127.0.0.1');
  });

  it(
    'again and again, wherever it was, leaves only what was not confirmed',
    async () => {
      const indexer = await ScriptedIndexer.listen({ numberTags });
      const muxer = await hotMuxer({ targets: [indexer.address], tags: TAGS });
      const sizes = fc.array(fc.nat({ max: 3000 }), { maxLength: 30 });
      let number = 0;
      let written = 0;
      let unconfirmed: EntryInput[] = [];
      await fc.assert(
        fc.asyncProperty(sizes, fc.nat({ max: 40 }), async (sizes, most) => {
          const connection = await indexer.hot(number++);
          const batch = sizes.map((bytes) => entry(written++, bytes));
          muxer.writeBatch(batch);
          unconfirmed.push(...batch);
          await connection.entries(unconfirmed.length);
          expectArrivals(connection.arrivals, arrivalsOf(unconfirmed));
          const confirmed = Math.min(most, unconfirmed.length);
          if (confirmed > 0) connection.confirmThrough(confirmed);
          unconfirmed = unconfirmed.slice(confirmed);
          await confirmedBy(muxer, written - unconfirmed.length);
          connection.socket.destroy();
        }),
        { ...fuzzRuns(15), endOnFailure: true },
      );
      expect(muxer.stats().lanes[0]?.reconnects).toBeGreaterThan(0);
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('an attempt to connect', () => {
  it('is repeated after delays that double, up to the most', async () => {
    const times = { firstRetry: 10, mostRetry: 50 };
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], times });
    const delays: number[] = [];
    const enough = new Promise<void>((resolve) => {
      muxer.on('lost', (error, retryInMs) => {
        expect(error).toMatchObject({ reason: 'dial', target: 'tcp://127.0.0.1:1' });
        if (delays.push(retryInMs) === 6) resolve();
      });
    });
    muxer.start();
    await enough;
    for (const [i, most] of [10, 20, 40, 50, 50, 50].entries()) {
      expect(delays[i]).toBeGreaterThanOrEqual(Math.floor(most * 0.5));
      expect(delays[i]).toBeLessThanOrEqual(most);
    }
  });

  it('comes ever later to an indexer that accepts connections and confirms nothing', async () => {
    const indexer = await ScriptedIndexer.listen();
    const times = { firstRetry: 4, mostRetry: 60_000 };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const losses: [message: string, retryInMs: number][] = [];
    muxer.on('lost', ({ message }, retryInMs) => losses.push([message, retryInMs]));
    await muxer.writeEntry({ timestamp: 0, tag: 0, data: 'unstored' });
    // The last of them stores the entry.
    const longest = [4, 8, 16, 32, 64, 4];
    for (const i of longest.keys()) {
      const connection = await indexer.hot(i);
      await connection.entries(1);
      if (i === longest.length - 1) connection.confirm(1);
      connection.socket.end();
    }
    await eventually(() => expect(losses).toHaveLength(longest.length));
    for (const [i, most] of longest.entries()) {
      const [message, retryInMs] = losses[i] ?? [];
      expect(retryInMs, `delay ${i}`).toBeGreaterThanOrEqual(most / 2);
      expect(retryInMs, `delay ${i}`).toBeLessThanOrEqual(most);
      if (most === longest.at(-1) && i > 0) expect(message).not.toContain('confirmed nothing');
      else expect(message).toContain('confirmed nothing of what it was sent (entries: 1)');
    }
  });

  it('succeeds as soon as somebody listens', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { port, address } = indexer;
    await indexer.close();
    const muxer = newMuxer({ targets: [address] });
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    muxer.start();
    muxer.writeEntry({ timestamp: 0, tag: 0, data: 'patient' });
    await lost;
    const recording = await RecordingIndexer.start({ listen: `127.0.0.1:${port}` });
    await muxer.waitForHot();
    await muxer.sync();
    expect(recording.received).toHaveLength(1);
  });

  it('that is told of is told of by a name of the target, as configured', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({ targets: [`TCP://localhost:${indexer.port}`] });
    const hot = new Promise((resolve) => muxer.once('hot', resolve));
    muxer.start();
    expect(await hot).toBe(`tcp://localhost:${indexer.port}`);
  });

  it('is started once, however often the muxer is', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    muxer.start();
    muxer.start();
    await muxer.waitForHot();
    await muxer.sync();
    expect(indexer.connections).toHaveLength(1);
  });
});
