import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Compression, type MuxerTag, Source } from '@ringest/codec';
import { Dialler } from '../connection/dial.js';
import { type Agreement, handshake } from '../connection/handshake.js';
import { HandshakeReader } from '../connection/handshake-reader.js';
import { HotConnection } from '../connection/hot-connection.js';
import { endOf, hangUp, localAddressOf } from '../connection/lane-socket.js';
import { LargeFrameViews } from '../connection/large-frame-views.js';
import { RateLimit } from '../connection/rate-limit.js';
import { SocketWriter } from '../connection/socket-writer.js';
import { TagRequests } from '../connection/tag-requests.js';
import { type Turn, Turns } from '../connection/turns.js';
import { ConnectionLoss, FatalLoss } from '../connection-loss.js';
import { DOORBELL, type LaneTask, type ToMain, type ToWorker } from '../messages.js';
import { Control, LaneState, RECEIVE_AT, RECEIVE_BYTES, RingOwner } from '../ring/memory-layout.js';
import { Meter } from '../ring/meter.js';
import { Ring, takeWake } from '../ring/ring.js';
import { RingReader } from '../ring/ring-reader.js';
import { TagTranslation } from '../ring/tag-translation.js';
import { Backoff } from '../thread/backoff.js';
import { ThrottleReports } from './throttle-reports.js';

/**
 * A lane of a thread dials only while fewer than this many lanes connect: dial, or have the challenge of
 * their indexer and answer it. An indexer gives a new connection five seconds for that. Each answer takes
 * tens of milliseconds of this thread, so a lane that would have to wait for long dials later.
 */
const MAX_CONNECTING = 4;

/**
 * Milliseconds after which a lane that has no challenge yet does not count as connecting: the indexer may
 * be far or dead. The lane counts again when its challenge comes.
 */
const CONNECTING_MS = 25;

const connecting = new Turns(MAX_CONNECTING);

/** The worker's end of a lane, as a task of a worker thread. It ends when the lane is closed. */
export async function runLane(task: LaneTask): Promise<void> {
  await new LaneWorker(task).run();
}

/**
 * Keeps one lane connected: dial, handshake, hot connection. After a loss it rewinds the ring to the
 * first entry that is not confirmed, and connects again. The worker owns the ring only from the end of
 * a handshake to the end of that connection.
 */
class LaneWorker {
  readonly #task: LaneTask;
  readonly #ring: Ring;
  readonly #reader: RingReader;
  readonly #meter: Meter;
  readonly #large: LargeFrameViews;
  readonly #translation: TagTranslation;
  readonly #requests: TagRequests;
  readonly #dialler: Dialler;
  readonly #rateLimit: RateLimit | undefined;
  readonly #backoff: Backoff;
  readonly #throttles = new ThrottleReports((throttling) =>
    this.#post({ kind: 'throttled', ...throttling }),
  );
  readonly #closing = new AbortController();
  #connection: HotConnection | undefined;
  #onRingFree: () => void = () => {};

  constructor(task: LaneTask) {
    this.#task = task;
    this.#ring = new Ring(task.memory, task.kernel);
    this.#reader = new RingReader(this.#ring);
    this.#meter = new Meter(this.#ring.control, task.latency);
    this.#large = new LargeFrameViews(() => this.#post({ kind: 'largeReleased' }));
    this.#translation = new TagTranslation(task.memory);
    this.#requests = new TagRequests(task.tags);
    this.#dialler = new Dialler(task);
    this.#rateLimit = task.rateLimit && new RateLimit(task.rateLimit);
    this.#backoff = new Backoff(task.times.firstRetry, task.times.mostRetry);
    task.port.on('message', (message: ToWorker) => this.#onMessage(message));
  }

  async run(): Promise<void> {
    const { port } = this.#task;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#setState(LaneState.connecting);
      const error = await this.#connectUntilLost();
      this.#setState(LaneState.parked);
      if (signal.aborted) break;
      const loss = ConnectionLoss.toLoss(error);
      if (error instanceof FatalLoss) {
        this.#post({ kind: 'fatal', loss });
        break;
      }
      const retryInMs = this.#backoff.next();
      this.#post({ kind: 'lost', loss, retryInMs });
      await delay(retryInMs, undefined, { signal }).catch(() => {});
    }
    port.close();
  }

  #onMessage(message: ToWorker): void {
    const connection = this.#connection;
    if (message === DOORBELL) {
      connection?.sender.pump();
      return;
    }
    switch (message.kind) {
      case 'flush':
        connection?.sender.flush();
        break;
      case 'large':
        this.#large.add(message.key, Buffer.from(message.memory, 0, message.bytes));
        connection?.sender.pump();
        break;
      case 'largeMoved':
        this.#large.moved(message.key);
        break;
      case 'tag':
        this.#requests.add(message);
        connection?.negotiate(message);
        break;
      case 'ringFree':
        this.#onRingFree();
        break;
      case 'state':
        connection?.sender.sendState(message.command);
        break;
      case 'ditto':
        this.#sendDitto(message);
        break;
      case 'dittoCancel':
        connection?.dittos.cancel(message.key);
        break;
      case 'close':
        this.#closing.abort(new ConnectionLoss('lost', 'the lane is closed'));
    }
  }

  #sendDitto({ key, count, memory, bytes }: Extract<ToWorker, { kind: 'ditto' }>): void {
    const frames = Buffer.from(memory, 0, bytes);
    if (this.#connection !== undefined) this.#connection.sender.sendDitto({ key, count, frames });
    else this.#post({ kind: 'dittoEnd', key, end: { kind: 'cancelled' } });
  }

  /** One connection, from dialling to its end. Resolves with the error that ended it. */
  async #connectUntilLost(): Promise<unknown> {
    const { signal } = this.#closing;
    const handshakeReader = new HandshakeReader();
    const buffer = this.#ring.bytes.subarray(RECEIVE_AT, RECEIVE_AT + RECEIVE_BYTES);
    let socket: Socket | undefined;
    let turn: Turn | undefined;
    try {
      const received = (bytes: number) => {
        if (this.#connection !== undefined) this.#connection.received(bytes);
        else handshakeReader.received(buffer.subarray(0, bytes));
      };
      turn = await connecting.begin(signal);
      turn.endIn(CONNECTING_MS);
      const dialled = await this.#dialler.dial({ buffer, received }, signal);
      socket = dialled;
      endOf(dialled, signal).catch((error) => handshakeReader.fail(error));
      const write = (bytes: Uint8Array) => dialled.write(bytes);
      const agreement = await handshake(this.#task, this.#requests, handshakeReader, write, turn);
      await this.#takeRing(handshakeReader);
      this.#translation.clear();
      for (const tag of agreement.tags) this.#translation.learn(tag, tag.number);
      const lost = this.#runHot(dialled, handshakeReader, agreement);
      await Promise.race([handshakeReader.failed, lost]);
      return undefined;
    } catch (error) {
      // A silent indexer would not answer the end of the connection either.
      if (error instanceof ConnectionLoss && error.reason === 'timeout') socket?.destroy();
      return this.#connection === undefined ? error : this.#connection.explain(error);
    } finally {
      turn?.end();
      await this.#endConnection(socket);
    }
  }

  /** Ends the connection, if there is one, and gives the ring back. */
  async #endConnection(socket: Socket | undefined): Promise<void> {
    const connection = this.#connection;
    connection?.end();
    if (connection?.isProved) this.#backoff.reset();
    if (connection !== undefined) this.#setState(LaneState.ending);
    // All that follows waits: only a closed socket does not read the ring and the ditto blocks.
    if (socket !== undefined) await hangUp(socket);
    connection?.dittos.end();
    this.#connection = undefined;
    if (connection !== undefined) this.#rewind(connection.confirmedBeyondRelease);
    this.#returnRing();
  }

  /** Makes the connection hot. Rejects when it is lost. */
  #runHot(
    socket: Socket,
    { decoder }: HandshakeReader,
    { indexerVersion, tags, compression }: Agreement,
  ): Promise<never> {
    return new Promise((_, lost) => {
      const localAddress = localAddressOf(socket);
      const connection = new HotConnection({
        reader: this.#reader,
        writer: new SocketWriter(socket, compression, (bytes) => this.#countBytes(bytes)),
        decoder,
        translation: this.#translation,
        requests: this.#requests,
        large: this.#large,
        meter: this.#meter,
        rateLimit: this.#rateLimit,
        times: this.#task.times,
        local: Source.parse(localAddress),
        indexerVersion,
        compression,
        events: {
          released: () => this.#wakeMain(),
          tagAnswered: (tag, isRefused) => this.#tagAnswered(tag, isRefused),
          dittoEnded: (key, end) => this.#post({ kind: 'dittoEnd', key, end }),
          throttled: (milliseconds) => this.#throttles.add(milliseconds),
          lost,
        },
      });
      this.#connection = connection;
      this.#meter.begin();
      this.#setState(LaneState.hot);
      const agreed = compression === Compression.snappy ? 'snappy' : 'none';
      this.#post({ kind: 'hot', indexerVersion, localAddress, compression: agreed });
      this.#dialler.worked();
      for (const tag of this.#requests.missing(tags)) connection.negotiate(tag);
      connection.begin();
    });
  }

  /** Counts bytes that go to the indexer. */
  #countBytes(bytes: number): void {
    this.#rateLimit?.spend(bytes);
    this.#meter.counts.wireBytes += bytes;
  }

  #tagAnswered(tag: MuxerTag, isRefused: boolean): void {
    const wasRefused = this.#requests.isRefused(tag);
    this.#requests.answered(tag, isRefused);
    if (isRefused || wasRefused) this.#post({ kind: 'tag', tag, isRefused });
  }

  /**
   * Takes the ring, once the main thread does not have it.
   * @throws the reason, when the connection is lost first
   */
  async #takeRing(connection: HandshakeReader): Promise<void> {
    const { control } = this.#ring;
    const { nobody, worker } = RingOwner;
    const take = () =>
      Atomics.compareExchange(control, Control.ringOwner, nobody, worker) === nobody;
    try {
      while (!take()) {
        const free = new Promise<void>((resolve) => {
          this.#onRingFree = resolve;
        });
        Atomics.store(control, Control.ringWanted, 1);
        // It may have become free before the main thread could see `ringWanted`.
        if (take()) break;
        // The main thread may be waiting for room in another ring.
        this.#post({ kind: 'wake' });
        await Promise.race([connection.failed, free]);
      }
    } finally {
      Atomics.store(control, Control.ringWanted, 0);
    }
    this.#reader.resume();
    connection.check();
  }

  #returnRing(): void {
    const { control } = this.#ring;
    const { nobody, worker } = RingOwner;
    Atomics.compareExchange(control, Control.ringOwner, worker, nobody);
  }

  /** Releases this many entries, which are confirmed, and goes back to the first entry after them. */
  #rewind(confirmed: number): void {
    this.#meter.rewound(this.#reader.rewind(confirmed));
    this.#large.releaseUpTo(this.#reader.released);
    this.#large.rewind();
    this.#wakeMain();
  }

  #wakeMain(): void {
    if (takeWake(this.#ring, this.#reader.released)) this.#post({ kind: 'wake' });
  }

  #setState(state: LaneState): void {
    Atomics.store(this.#ring.control, Control.state, state);
  }

  #post(message: ToMain): void {
    this.#task.port.postMessage(message);
  }
}
