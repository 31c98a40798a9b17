import { type ChildProcess, fork, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePort } from '../chaos/free-port.js';
import { whyNoQueue } from '../networks/queue.js';
import { answerOf } from '../shared/ask-child.js';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { benchFolder } from './cache-bench.js';
import { inTurn, type Rounds, SECRET } from './muxer-run.js';
import { processTime } from './process-time.js';
import type { FromPublisher, ToPublisher } from './queue-publisher.js';
import type { FromTaker, ToTaker } from './queue-taker.js';

const TAKERS = [1, 3];
const MOST_TAKERS = Math.max(...TAKERS);
/** What the processes compile in their first moments is not what a message costs. */
const WARM_UP_MS = 300;
/** How often the stream is asked whether all is taken, in milliseconds. */
const LOOK_MS = 5;
/** Messages that each taker has and has not acknowledged, at most. */
const UNCONFIRMED = 10_000;
const CONSUMER = 'takers';

/**
 * Messages of 256 bytes that are published to a stream, and then taken from it by some processes; medians of all rounds.
 * Processor times are those of all threads of a process, in nanoseconds a message.
 */
export interface QueueRow {
  readonly takers: number;
  readonly publishedPerSecond: number;
  readonly takenPerSecond: number;
  readonly publisher: number;
  /** The server, while messages are published. */
  readonly storing: number;
  /** The server, while they are taken. */
  readonly delivering: number;
  /** All takers together. */
  readonly taker: number;
  readonly indexer: number;
}

/** The processes of the measurement. */
interface Scene {
  readonly manager: JetStreamManager;
  readonly server: ChildProcess;
  readonly publisher: ChildProcess;
  readonly takers: readonly ChildProcess[];
  readonly indexer: IndexerChild;
}

/**
 * Measures a sink that publishes to a stream of a NATS server, which keeps it in files, and sources that take from there
 * into a muxer and an embedded indexer, each in a process of its own.
 * @param onRow called with each row as soon as all is measured
 * @throws {NoThreadTimesError} this is not Linux
 * @throws {Error} there is no NATS server
 */
export async function runQueues(
  { rounds, duration }: Rounds,
  onRow: (row: QueueRow) => void,
): Promise<QueueRow[]> {
  const problem = whyNoQueue();
  if (problem !== undefined) throw new Error(problem);
  processTime(process.pid);
  using folder = benchFolder(undefined);
  const port = await freePort();
  const where = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder.path];
  const server = spawn('nats-server', where, { stdio: 'ignore' });
  const children: ChildProcess[] = [server];
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const servers = `127.0.0.1:${port}`;
  const connection = await connect({ servers, waitOnFirstConnect: true });
  try {
    const start = async (name: string, ...args: readonly string[]) => {
      const child = fork(new URL(name, import.meta.url), args);
      children.push(child);
      await answerOf<FromPublisher, 'ready'>(child, 'ready', name);
      return child;
    };
    const scene: Scene = {
      ...{ server, indexer },
      manager: await jetstreamManager(connection),
      publisher: await start('./queue-publisher.js', servers),
      takers: await Promise.all(
        Array.from({ length: MOST_TAKERS }, () =>
          start('./queue-taker.js', servers, indexer.address),
        ),
      ),
    };
    const all = TAKERS.map((takers) => ({ takers, results: [] as QueueRow[] }));
    let streams = 0;
    const runs = all.map(({ takers, results }) => async () => {
      results.push(await measure(scene, `bench${++streams}`, takers, duration));
    });
    await inTurn(runs, rounds);
    const rows = all.map(({ takers, results }) => medians(takers, results));
    for (const row of rows) onRow(row);
    return rows;
  } finally {
    await connection.close();
    for (const child of children) child.kill('SIGKILL');
    await indexer.stop();
  }
}

/** A row for people. */
export function formatQueues(row: QueueRow): string {
  const short = (rate: number) =>
    `${rate.toLocaleString('en-US', { maximumSignificantDigits: 3 })}/s`;
  const costs = (['publisher', 'storing', 'delivering', 'taker', 'indexer'] as const).map(
    (name) => `${name} ${row[name].toFixed(0)}`,
  );
  return (
    `${row.takers} taking: ${short(row.publishedPerSecond)} published, ` +
    `${short(row.takenPerSecond)} taken; ns a message: ${costs.join(', ')}`
  );
}

async function measure(
  scene: Scene,
  stream: string,
  takers: number,
  duration: number,
): Promise<QueueRow> {
  const { manager, server, publisher, indexer } = scene;
  const taking = scene.takers.slice(0, takers);
  await manager.streams.add({ name: stream, subjects: [stream] });
  await manager.consumers.add(stream, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: takers * UNCONFIRMED,
  });
  const times = () => ({
    server: processTime(server.pid as number),
    publisher: processTime(publisher.pid as number),
    taker: taking.reduce((sum, { pid }) => sum + processTime(pid as number), 0),
    indexer: processTime(indexer.pid),
  });
  await publish(publisher, { kind: 'publish', stream, duration: WARM_UP_MS });
  await takeAll(manager, taking, stream);
  const before = times();
  const { messages, seconds } = await publish(publisher, { kind: 'publish', stream, duration });
  const between = times();
  const takenIn = await takeAll(manager, taking, stream);
  const after = times();
  await manager.streams.delete(stream);
  return {
    takers,
    publishedPerSecond: messages / seconds,
    takenPerSecond: messages / takenIn,
    publisher: (between.publisher - before.publisher) / messages,
    storing: (between.server - before.server) / messages,
    delivering: (after.server - between.server) / messages,
    taker: (after.taker - between.taker) / messages,
    indexer: (after.indexer - between.indexer) / messages,
  };
}

async function publish(publisher: ChildProcess, order: ToPublisher) {
  const published = answerOf<FromPublisher, 'published'>(publisher, 'published', 'the publisher');
  publisher.send(order);
  return await published;
}

/** Has takers take all messages of a stream. Returns the seconds until the last one was acknowledged. */
async function takeAll(
  manager: JetStreamManager,
  takers: readonly ChildProcess[],
  stream: string,
): Promise<number> {
  const tell = (order: ToTaker) => takers.map((taker) => taker.send(order));
  const start = performance.now();
  tell({ kind: 'take', stream, consumer: CONSUMER });
  for (;;) {
    const { num_pending, num_ack_pending } = await manager.consumers.info(stream, CONSUMER);
    if (num_pending + num_ack_pending === 0) break;
    await delay(LOOK_MS);
  }
  const seconds = (performance.now() - start) / 1000;
  const stopped = takers.map((taker) =>
    answerOf<FromTaker, 'stopped'>(taker, 'stopped', 'a taker'),
  );
  tell({ kind: 'stop' });
  await Promise.all(stopped);
  return seconds;
}

function medians(takers: number, results: readonly QueueRow[]): QueueRow {
  const of = (field: keyof QueueRow) => median(results.map((result) => result[field]));
  return {
    takers,
    publishedPerSecond: of('publishedPerSecond'),
    takenPerSecond: of('takenPerSecond'),
    publisher: of('publisher'),
    storing: of('storing'),
    delivering: of('delivering'),
    taker: of('taker'),
    indexer: of('indexer'),
  };
}
