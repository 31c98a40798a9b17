import { decodeEntry, encodeEntry, type Frame, hashSecret, Timestamp } from '@ringest/codec';
import { ConfigurationError, IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Arrival } from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { collectLogs, hotMuxer, newMuxer, SECRET, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

const OVERSIZED = 'x'.repeat(2 ** 21);
const NOT_TOLD = 'the ingester state could not be sent';

interface Line {
  readonly severity: number;
  readonly time: string;
  readonly appName: string;
  readonly processId: string;
  /** The structured data, as it is written. */
  readonly data: string;
  readonly message: string;
}

const LINE = /^<(\d+)>1 (\S+) (\S+) (\S+) (\d+) - \[gw@1 ((?:[^\]]|\\\])*)\] (.*)$/;

function lineOf({ tag, bytes }: Arrival): Line[] {
  if (tag !== 'gravwell') return [];
  const [whole, priority, time = '', , appName = '', processId = '', data = '', message = ''] =
    LINE.exec(`${decodeEntry(bytes).data}`) ?? [];
  if (whole === undefined) throw new Error(`no line of syslog: ${decodeEntry(bytes).data}`);
  return [{ severity: Number(priority) - 8, time, appName, processId, data, message }];
}

function linesOf(arrivals: readonly Arrival[]): Line[] {
  return arrivals.flatMap(lineOf);
}

function messagesOf(arrivals: readonly Arrival[]): string[] {
  return linesOf(arrivals).map(({ message }) => message);
}

/** What the user's logger got. */
function told(lines: readonly string[]): string[] {
  return lines.map((line) => JSON.parse(line).msg);
}

function refusalOf(configuration: object): ConfigurationError | undefined {
  const good = { targets: ['tcp://127.0.0.1:4023'], secret: 'x' };
  try {
    new IngestMuxer({ ...good, ...configuration } as MuxerConfiguration);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  return undefined;
}

describe("the muxer's own log", () => {
  it('goes to the tag gravwell unless it is told otherwise, as syslog with its data', async () => {
    const indexer = await RecordingIndexer.start();
    const muxer = new IngestMuxer({ targets: [indexer.address], secret: SECRET, name: 'my shop' });
    onTestFinished(async () => {
      await muxer.close();
    });
    const before = Timestamp.now().toDate().getTime();
    muxer.start();
    await indexer.entries(1);
    const [line] = linesOf(indexer.received);
    expect(indexer.tagNumbers[0]).toBe(0xffff);
    expect(line).toMatchObject({
      severity: 6,
      appName: 'my_shop',
      processId: `${process.pid}`,
      message: 'hot',
    });
    const data = `target="${indexer.address}" indexerVersion="9" localAddress="127.0.0.1"`;
    expect(line?.data).toBe(`${data} compression="none"`);
    const time = new Date(line?.time ?? '').getTime();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Timestamp.now().toDate().getTime());
    const { timestamp, source } = decodeEntry((indexer.received[0] as Arrival).bytes);
    expect(timestamp.toDate().getTime()).toBe(time);
    expect(`${source}`).toBe(muxer.sourceIP());
  });

  it.each([
    [true, ['lost', 'hot', NOT_TOLD]],
    [{}, ['lost', 'hot', NOT_TOLD]],
    [{ level: 'debug' }, ['lost', 'hot', NOT_TOLD]],
    [{ level: 'warn' }, ['lost', NOT_TOLD]],
    [{ level: 'error' }, []],
    [false, []],
  ] as const)(
    'is ingested as configured, while the logger gets all of it: %j',
    async (selfIngest, expected) => {
      const { logger, lines } = collectLogs();
      const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
      const times = { firstRetry: 20, mostRetry: 20 };
      const muxer = await hotMuxer({ targets: [indexer.address], selfIngest, logger, times });
      const first = await indexer.hot(0);
      // What was ingested before is confirmed, so that it does not come again.
      await muxer.sync();
      first.socket.destroy();
      const second = await indexer.hot(1);
      muxer.setMetadata(OVERSIZED);
      await eventually(() => expect(told(lines)).toContain(NOT_TOLD));
      muxer.write(1, 0, 'last');
      await muxer.sync();
      expect(messagesOf(second.frames.map(frameArrival))).toEqual(expected);
      await muxer.close();
      expect(told(lines)).toEqual(['hot', 'lost', 'hot', NOT_TOLD, 'closed']);
    },
  );

  it('waits while nothing is hot, and comes in its order and with its times', async () => {
    const { logger, lines } = collectLogs();
    const { port } = await ScriptedIndexer.listen().then(async (indexer) => {
      const { port: free } = indexer;
      await indexer.close();
      return { port: free };
    });
    const target = `tcp://127.0.0.1:${port}`;
    const muxer = newMuxer({ targets: [target], selfIngest: true, logger });
    muxer.start();
    await eventually(() => expect(lines.length).toBeGreaterThanOrEqual(3));
    const lost = Timestamp.now().toDate().getTime();
    const indexer = await ScriptedIndexer.listen({ port, confirms: 'at once' });
    await muxer.waitForHot();
    await muxer.sync();
    const { frames } = await indexer.hot(0);
    const ingested = linesOf(frames.map(frameArrival));
    expect(ingested.map(({ message }) => message)).toEqual(told(lines));
    expect(ingested.at(-1)?.message).toBe('hot');
    expect(ingested[0]).toMatchObject({ severity: 4, message: 'lost' });
    expect(ingested[0]?.data).toContain('err.code="ERR_CONNECTION"');
    expect(new Date(ingested[2]?.time ?? '').getTime()).toBeLessThanOrEqual(lost);
  });

  it('stops nobody when the ring is full, and comes when there is room', async () => {
    const { logger, lines } = collectLogs();
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      ringBytes: SMALL_RING,
      selfIngest: { level: 'warn' },
      logger,
    });
    const connection = await indexer.hot(0);
    let waiting: Promise<void> | undefined;
    let written = 0;
    for (; waiting === undefined; written++) waiting = muxer.write(1, 0, 'x'.repeat(1000));
    muxer.setMetadata(OVERSIZED);
    await eventually(() => expect(told(lines)).toContain(NOT_TOLD));
    expect(muxer.stats()).toMatchObject({ backlogEntries: 1, droppedLogLines: 0 });
    await connection.entries(written - 1);
    connection.confirmThrough(written - 1);
    await waiting;
    await connection.entries(written + 1);
    expect(messagesOf(connection.frames.map(frameArrival))).toEqual([NOT_TOLD]);
    connection.confirmThrough(written + 1);
    await muxer.sync();
  });

  it('is counted like all that is written', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address], selfIngest: true });
    await muxer.writeBatch([1, 2, 3].map((timestamp) => ({ timestamp, tag: 0, data: 'a' })));
    await muxer.sync();
    expect(messagesOf(indexer.received)).toEqual(['hot']);
    expect(muxer.stats()).toMatchObject({ writtenEntries: 4, confirmedEntries: 4 });
  });

  it('is among what close could not have confirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], selfIngest: true });
    await (await indexer.hot(0)).entries(1);
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
  });

  it('that waits when the muxer is closed is ingested before the end', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      ringBytes: SMALL_RING,
      selfIngest: { level: 'warn' },
      closeTimeout: 30_000,
    });
    const connection = await indexer.hot(0);
    let waiting: Promise<void> | undefined;
    let written = 0;
    for (; waiting === undefined; written++) waiting = muxer.write(1, 0, 'x'.repeat(1000));
    muxer.setMetadata(OVERSIZED);
    await new Promise(setImmediate);
    const closed = muxer.close();
    await connection.entries(written - 1);
    connection.confirmThrough(written - 1);
    await connection.entries(written);
    connection.confirmThrough(written);
    await connection.entries(written + 1);
    connection.confirmThrough(written + 1);
    expect(await closed).toEqual({ unconfirmed: 0, cached: 0 });
    expect(messagesOf(connection.frames.map(frameArrival))).toEqual([NOT_TOLD]);
    expect(muxer.stats().droppedLogLines).toBe(0);
  });

  it('is counted as dropped where it cannot be ingested before the end', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], selfIngest: true });
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    muxer.start();
    await lost;
    muxer.writeEntry({ timestamp: 1, tag: 0, data: 'a' });
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
    // Every `lost`, and that not all was confirmed in time.
    expect(muxer.stats().droppedLogLines).toBeGreaterThanOrEqual(2);
  });

  it('drops nothing in a close that has all confirmed', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      selfIngest: true,
      closeTimeout: 30_000,
    });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(messagesOf(indexer.received)).toEqual(['hot']);
    expect(muxer.stats().droppedLogLines).toBe(0);
  });

  it('has no attached values and no source that is put in place of others', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      selfIngest: true,
      attach: { rack: 7 },
      sourceOverride: '10.1.2.3',
    });
    muxer.write(1, 0, 'a');
    await muxer.sync();
    const [own, users] = indexer.received.map(({ bytes }) => decodeEntry(bytes));
    expect(`${own?.source}`).toBe(muxer.sourceIP());
    expect(own?.enumeratedValues).toEqual([]);
    expect(`${users?.source}`).toBe('10.1.2.3');
    expect(users?.enumeratedValues).toHaveLength(1);
  });

  it('has no secret in it', async () => {
    const { logger, lines } = collectLogs();
    const strict = await ScriptedIndexer.listen({ secret: 'another' });
    const indexer = await CollectingIndexer.start();
    const muxer = newMuxer({
      targets: [strict.address, indexer.address],
      selfIngest: { level: 'debug' },
      statsInterval: 10,
      logger,
    });
    muxer.start();
    await eventually(() => expect(`${messagesOf(indexer.received)}`).toMatch(/lost.*statistics/));
    await muxer.close();
    const all = [...lines, ...indexer.received.map(({ bytes }) => bytes.toString('latin1'))].join();
    expect(all).toContain('the indexer refused the ingest secret');
    const hash = hashSecret(SECRET);
    for (const secret of [SECRET, hash.toString('hex'), hash.toString('base64'), hash.join()]) {
      expect(all).not.toContain(secret);
    }
  });

  it.each([
    ['selfIngest', { selfIngest: 'yes' }],
    ['selfIngest', { selfIngest: null }],
    ['selfIngest', { selfIngest: { level: 'trace' } }],
    ['selfIngest', { selfIngest: { levels: 'info' } }],
    ['statsInterval', { statsInterval: -1 }],
    ['statsInterval', { statsInterval: 0.5 }],
    ['statsInterval', { statsInterval: 2 ** 31 }],
  ])('names what it cannot be configured by: %s %j', (field, configuration) => {
    expect(refusalOf(configuration)?.field).toMatch(new RegExp(`^${field}`));
  });
});

describe('counters in the log', () => {
  it('come again and again, as data', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      selfIngest: true,
      statsInterval: 20,
    });
    await muxer.writeBatch([1, 2, 3].map((timestamp) => ({ timestamp, tag: 0, data: 'a' })));
    const statistics = () =>
      linesOf(indexer.received).filter(({ message }) => message === 'statistics');
    await eventually(() =>
      expect(statistics().at(-1)?.data).toMatch(/^hot="1" writtenEntries="([5-9]|\d\d+)"/),
    );
    const lines = statistics();
    const last = lines.at(-1)?.data;
    expect(last).toMatch(/ confirmedEntries="\d+"/);
    expect(last).toMatch(/ lanes="1"/);
    expect(last).toMatch(/ ackLatencyP50Ms="[\d.]+"/);
    const counts = lines.map(({ data }) => Number(/ writtenEntries="(\d+)"/.exec(data)?.[1]));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.length).toBeGreaterThanOrEqual(2);
  });

  it('are left out at 0', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { logger, lines } = collectLogs();
    const indexer = await CollectingIndexer.start();
    await hotMuxer({ targets: [indexer.address], selfIngest: true, statsInterval: 0, logger });
    vi.advanceTimersByTime(3_600_000);
    expect(told(lines)).toEqual(['hot']);
  });
});

/** A frame of a scripted indexer: its number for gravwell is the same for all. */
function frameArrival({ entry }: Frame): Arrival {
  return { tag: entry.tag === 0xffff ? 'gravwell' : `${entry.tag}`, bytes: encodeEntry(entry) };
}
