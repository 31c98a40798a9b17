import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { GRAVWELL_TAG, MinimumVersion, Source } from '@ringest/codec';
import { Backoff } from './backoff.js';
import {
  Control,
  DOORBELL,
  LaneState,
  type LaneTask,
  RECEIVE_AT,
  RECEIVE_BYTES,
  TO_INDEXER_AT,
  TO_MUXER_AT,
  type ToMain,
  type ToWorker,
  UNKNOWN_TAG,
} from './boundary.js';
import { dial } from './dial.js';
import { type Agreement, handshake } from './handshake.js';
import { Inbox } from './inbox.js';
import { LargeFrames } from './large-frames.js';
import { Lost } from './lost.js';
import { Meter } from './meter.js';
import { Ring } from './ring.js';
import { RingReader } from './ring-reader.js';
import { Stream } from './stream.js';

/** Milliseconds that an indexer has to close its side of a connection that ends. */
const HANG_UP_TIMEOUT = 500;

/** The worker's half of a lane, as a Piscina task: it ends when the lane is closed. */
export async function runLane(task: LaneTask): Promise<void> {
  await new LaneWorker(task).run();
}

/**
 * Keeps one lane connected: dial, handshake, stream; and after a loss, back to what was not
 * confirmed, and again. It takes over a ring that an earlier worker left at any point.
 */
class LaneWorker {
  readonly #task: LaneTask;
  readonly #ring: Ring;
  readonly #reader: RingReader;
  readonly #meter: Meter;
  readonly #large: LargeFrames;
  readonly #closing = new AbortController();
  #stream: Stream | undefined;

  constructor(task: LaneTask) {
    this.#task = task;
    this.#ring = new Ring(task.memory, task.kernel);
    this.#reader = new RingReader(this.#ring);
    this.#meter = new Meter(this.#ring.control, task.latency);
    this.#large = new LargeFrames(() => this.#post({ kind: 'largeReleased' }));
    task.port.on('message', (message: ToWorker) => this.#heard(message));
  }

  async run(): Promise<void> {
    const { times, port } = this.#task;
    const backoff = new Backoff(times.firstRetry, times.mostRetry);
    const { signal } = this.#closing;
    this.#rewind(0);
    while (!signal.aborted) {
      this.#setState(LaneState.connecting);
      const error = await this.#connectAndStream(() => backoff.reset());
      if (signal.aborted) break;
      const retryInMs = backoff.next();
      this.#post({ kind: 'lost', loss: Lost.toLoss(error), retryInMs });
      await delay(retryInMs, undefined, { signal }).catch(() => {});
    }
    this.#setState(LaneState.parked);
    port.close();
  }

  #heard(message: ToWorker): void {
    if (message === DOORBELL) {
      this.#stream?.pump();
      return;
    }
    switch (message.kind) {
      case 'flush':
        this.#stream?.flush();
        break;
      case 'large':
        this.#large.add(message.key, Buffer.from(message.memory, 0, message.bytes));
        this.#stream?.pump();
        break;
      case 'close':
        this.#closing.abort(new Lost('lost', 'the lane is closed'));
    }
  }

  /** One connection from dialling to its end. Resolves with what ended it. */
  async #connectAndStream(onHot: () => void): Promise<unknown> {
    const { endpoint, times } = this.#task;
    const { signal } = this.#closing;
    const inbox = new Inbox();
    const buffer = this.#ring.bytes.subarray(RECEIVE_AT, RECEIVE_AT + RECEIVE_BYTES);
    let socket: Socket | undefined;
    try {
      const received = (bytes: number) => {
        if (this.#stream === undefined) inbox.received(buffer.subarray(0, bytes));
        else this.#stream.received(bytes);
      };
      socket = await dial(endpoint, { buffer, received }, times.dial, signal);
      const live = socket;
      const ended = endOf(live, signal);
      ended.catch((error) => inbox.fail(error));
      const agreement = await handshake(this.#task, inbox, (bytes) => live.write(bytes));
      this.#learnTags(agreement);
      await Promise.race([ended, this.#streamUntilLost(live, inbox, agreement, onHot)]);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      const stream = this.#stream;
      stream?.end();
      if (stream !== undefined) this.#setState(LaneState.draining);
      // Only a closed socket reads the ring no more: stamps are taken back after that, not before.
      if (socket !== undefined) await hangUp(socket);
      this.#stream = undefined;
      if (stream !== undefined) this.#rewind(stream.confirmedBeyondRelease);
    }
  }

  #streamUntilLost(
    socket: Socket,
    inbox: Inbox,
    agreement: Agreement,
    onHot: () => void,
  ): Promise<never> {
    return new Promise((_, lost) => {
      // A link-local address comes with its zone, which has no place on the wire.
      const [localAddress = ''] = (socket.localAddress ?? '').split('%');
      const stream = new Stream({
        reader: this.#reader,
        socket,
        decoder: inbox.decoder,
        large: this.#large,
        meter: this.#meter,
        local: Source.parse(localAddress),
        takesValues: agreement.indexerVersion >= MinimumVersion.enumeratedValues,
        events: { released: () => this.#wakeMain(), lost },
      });
      this.#stream = stream;
      this.#meter.counts.connects++;
      this.#meter.publish();
      this.#setState(LaneState.hot);
      this.#post({ kind: 'hot', indexerVersion: agreement.indexerVersion, localAddress });
      onHot();
      stream.begin();
    });
  }

  /** Fills both tag tables with what the indexer answered. */
  #learnTags({ tags }: Agreement): void {
    const toIndexer = new Uint16Array(this.#task.memory.buffer, TO_INDEXER_AT, 65536);
    const toMuxer = new Uint16Array(this.#task.memory.buffer, TO_MUXER_AT, 65536);
    toIndexer.fill(UNKNOWN_TAG);
    toMuxer.fill(UNKNOWN_TAG);
    this.#task.tags.forEach((name, muxerTag) => {
      const indexerTag = tags.get(name);
      if (indexerTag === undefined) {
        throw new Lost('tags', `the indexer gave no number for tag '${name}'`);
      }
      // Two names on one number could not be told apart when their frames go to another indexer.
      if (indexerTag === GRAVWELL_TAG || toMuxer[indexerTag] !== UNKNOWN_TAG) {
        throw new Lost('tags', `the indexer gave tag '${name}' the number of another tag`);
      }
      toIndexer[muxerTag] = indexerTag;
      toMuxer[indexerTag] = muxerTag;
    });
  }

  /** Back to what is not confirmed, `confirmed` entries behind the last release. */
  #rewind(confirmed: number): void {
    this.#meter.counts.resentEntries += this.#reader.rewind(confirmed);
    this.#large.releaseUpTo(this.#reader.released);
    this.#large.rewind();
    this.#meter.publish();
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

/** Rejects when the socket is no longer of use, or with the signal's reason. */
function endOf(socket: Socket, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted);
    socket.on('error', (error) => reject(new Lost('lost', error.message, { cause: error })));
    socket.once('end', () => reject(new Lost('lost', 'the indexer closed the connection')));
    socket.once('close', () => {
      signal.removeEventListener('abort', aborted);
      reject(new Lost('lost', 'the connection is closed'));
    });
  });
}

/** Ends a socket, by force where it does not end by itself. */
async function hangUp(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const timer = setTimeout(() => socket.destroy(), HANG_UP_TIMEOUT);
  socket.end();
  await closed;
  clearTimeout(timer);
}
