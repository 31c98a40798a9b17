import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Compression, Source } from '@ringest/codec';
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
import { Ring } from '../ring/ring.js';
import { RingReader } from '../ring/ring-reader.js';
import { TagTranslation } from '../ring/tag-translation.js';
import { Backoff } from '../thread/backoff.js';

/**
 * How many lanes of a thread may come up at the same time: dial, and then answer the challenge of their
 * indexer. An indexer gives a connection five seconds from when it takes it, and each answer takes tens
 * of milliseconds of this thread, one after the other. So a lane for which it would take long dials later.
 */
const MOST_COMING_UP = 4;

/** After so many milliseconds without a challenge the next lane dials: the indexer may be far or dead. */
const COMING_UP_MS = 250;

const comingUp = new Turns(MOST_COMING_UP);

/** The worker's half of a lane, as a Piscina task: it ends when the lane is closed. */
export async function runLane(task: LaneTask): Promise<void> {
  await new LaneWorker(task).run();
}

/**
 * Keeps one lane connected: dial, handshake, stream; and after a loss, back to what was not
 * confirmed, and again. The ring is the worker's only from the first frame of a connection to its end.
 */
class LaneWorker {
  readonly #task: LaneTask;
  readonly #ring: Ring;
  readonly #reader: RingReader;
  readonly #meter: Meter;
  readonly #large: LargeFrameViews;
  readonly #tables: TagTranslation;
  readonly #tags: TagRequests;
  readonly #dialler: Dialler;
  readonly #rateLimit: RateLimit | undefined;
  readonly #closing = new AbortController();
  #stream: HotConnection | undefined;
  #ringIsFree: () => void = () => {};

  constructor(task: LaneTask) {
    this.#task = task;
    this.#ring = new Ring(task.memory, task.kernel);
    this.#reader = new RingReader(this.#ring);
    this.#meter = new Meter(this.#ring.control, task.latency);
    this.#large = new LargeFrameViews(() => this.#post({ kind: 'largeReleased' }));
    this.#tables = new TagTranslation(task.memory);
    this.#tags = new TagRequests(task.tags);
    this.#dialler = new Dialler(task);
    this.#rateLimit = task.rateLimit && new RateLimit(task.rateLimit);
    task.port.on('message', (message: ToWorker) => this.#heard(message));
  }

  async run(): Promise<void> {
    const { times, port } = this.#task;
    const backoff = new Backoff(times.firstRetry, times.mostRetry);
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#setState(LaneState.connecting);
      const error = await this.#connectAndStream(() => {
        backoff.reset();
        this.#dialler.worked();
      });
      this.#setState(LaneState.parked);
      if (signal.aborted) break;
      const loss = ConnectionLoss.toLoss(error);
      if (error instanceof FatalLoss) {
        this.#post({ kind: 'fatal', loss });
        break;
      }
      const retryInMs = backoff.next();
      this.#post({ kind: 'lost', loss, retryInMs });
      await delay(retryInMs, undefined, { signal }).catch(() => {});
    }
    port.close();
  }

  #heard(message: ToWorker): void {
    const stream = this.#stream;
    if (message === DOORBELL) {
      stream?.pump();
      return;
    }
    switch (message.kind) {
      case 'flush':
        stream?.flush();
        break;
      case 'large':
        this.#large.add(message.key, Buffer.from(message.memory, 0, message.bytes));
        stream?.pump();
        break;
      case 'largeMoved':
        this.#large.moved(message.key);
        break;
      case 'tag':
        this.#tags.add(message);
        stream?.negotiate(message);
        break;
      case 'ringFree':
        this.#ringIsFree();
        break;
      case 'state':
        stream?.tellState(message.command);
        break;
      case 'ditto':
        this.#ditto(message);
        break;
      case 'dittoCancel':
        stream?.cancelDitto(message.key);
        break;
      case 'close':
        this.#closing.abort(new ConnectionLoss('lost', 'the lane is closed'));
    }
  }

  #ditto({ key, count, memory, bytes }: Extract<ToWorker, { kind: 'ditto' }>): void {
    const frames = Buffer.from(memory, 0, bytes);
    if (this.#stream === undefined)
      this.#post({ kind: 'dittoEnd', key, end: { kind: 'cancelled' } });
    else this.#stream.ditto({ key, count, frames });
  }

  /** One connection from dialling to its end. Resolves with what ended it. */
  async #connectAndStream(onHot: () => void): Promise<unknown> {
    const { signal } = this.#closing;
    const inbox = new HandshakeReader();
    const buffer = this.#ring.bytes.subarray(RECEIVE_AT, RECEIVE_AT + RECEIVE_BYTES);
    let socket: Socket | undefined;
    let turn: Turn | undefined;
    try {
      const received = (bytes: number) => {
        if (this.#stream === undefined) inbox.received(buffer.subarray(0, bytes));
        else this.#stream.received(bytes);
      };
      turn = await comingUp.begin(signal);
      turn.endIn(COMING_UP_MS);
      socket = await this.#dialler.dial({ buffer, received }, signal);
      const live = socket;
      endOf(live, signal).catch((error) => inbox.fail(error));
      const write = (bytes: Uint8Array) => live.write(bytes);
      const agreement = await handshake(this.#task, this.#tags, inbox, write, turn);
      await this.#takeRing(inbox);
      this.#tables.clear();
      for (const tag of agreement.tags) this.#tables.learn(tag, tag.number);
      await Promise.race([inbox.failed, this.#streamUntilLost(live, inbox, agreement, onHot)]);
      return undefined;
    } catch (error) {
      // One that has fallen silent would not answer to the end either.
      if (error instanceof ConnectionLoss && error.reason === 'timeout') socket?.destroy();
      return error;
    } finally {
      turn?.end();
      const stream = this.#stream;
      stream?.end();
      if (stream !== undefined) this.#setState(LaneState.draining);
      // Only a closed socket reads the ring and ditto blocks no more: all that follows waits for it.
      if (socket !== undefined) await hangUp(socket);
      stream?.socketClosed();
      this.#stream = undefined;
      if (stream !== undefined) this.#rewind(stream.confirmedBeyondRelease);
      this.#returnRing();
    }
  }

  #streamUntilLost(
    socket: Socket,
    inbox: HandshakeReader,
    { indexerVersion, tags, compression }: Agreement,
    onHot: () => void,
  ): Promise<never> {
    return new Promise((_, lost) => {
      const localAddress = localAddressOf(socket);
      const stream = new HotConnection({
        reader: this.#reader,
        outlet: new SocketWriter(socket, compression, (bytes) => this.#spent(bytes)),
        decoder: inbox.decoder,
        tables: this.#tables,
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
          refusedName: (tag) => this.#tags.refusedName(tag),
          dittoEnded: (key, end) => this.#post({ kind: 'dittoEnd', key, end }),
          lost,
        },
      });
      this.#stream = stream;
      this.#meter.begin();
      this.#setState(LaneState.hot);
      const agreed = compression === Compression.snappy ? 'snappy' : 'none';
      this.#post({ kind: 'hot', indexerVersion, localAddress, compression: agreed });
      onHot();
      for (const tag of this.#tags.missing(tags)) stream.negotiate(tag);
      stream.begin();
    });
  }

  /** So many bytes are on their way to the indexer. */
  #spent(bytes: number): void {
    this.#rateLimit?.spend(bytes);
    this.#meter.counts.wireBytes += bytes;
  }

  #tagAnswered(tag: number, isRefused: boolean): void {
    const wasRefused = this.#tags.isRefused(tag);
    this.#tags.answered(tag, isRefused);
    if (isRefused || wasRefused) this.#post({ kind: 'tag', tag, isRefused });
  }

  /** Waits until the main thread does not have the ring, or the connection is gone, and takes it. */
  async #takeRing(inbox: HandshakeReader): Promise<void> {
    const { control } = this.#ring;
    const { nobody, worker } = RingOwner;
    const take = () =>
      Atomics.compareExchange(control, Control.ringOwner, nobody, worker) === nobody;
    try {
      while (!take()) {
        const free = new Promise<void>((resolve) => {
          this.#ringIsFree = resolve;
        });
        Atomics.store(control, Control.ringWanted, 1);
        // It may have become free before the main thread could see that it is wanted.
        if (take()) break;
        // The main thread may itself be waiting, for room elsewhere.
        this.#post({ kind: 'wake' });
        await Promise.race([inbox.failed, free]);
      }
    } finally {
      Atomics.store(control, Control.ringWanted, 0);
    }
    this.#reader.resume();
    inbox.check();
  }

  #returnRing(): void {
    const { control } = this.#ring;
    const { nobody, worker } = RingOwner;
    Atomics.compareExchange(control, Control.ringOwner, worker, nobody);
  }

  /** Back to what is not confirmed, `confirmed` entries behind the last release. */
  #rewind(confirmed: number): void {
    this.#meter.rewound(this.#reader.rewind(confirmed));
    this.#large.releaseUpTo(this.#reader.released);
    this.#large.rewind();
    this.#wakeMain();
  }

  #wakeMain(): void {
    const { control } = this.#ring;
    if (Atomics.load(control, Control.wakeArmed) === 0) return;
    const left = (Atomics.load(control, Control.wakeAt) - this.#reader.released) | 0;
    if (left > 0 || Atomics.compareExchange(control, Control.wakeArmed, 1, 0) === 0) return;
    this.#post({ kind: 'wake' });
  }

  #setState(state: LaneState): void {
    Atomics.store(this.#ring.control, Control.state, state);
  }

  #post(message: ToMain): void {
    this.#task.port.postMessage(message);
  }
}
