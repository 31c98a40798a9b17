import { encodeForceAck, MinimumVersion, type MuxerTag, type Source } from '@ringest/codec';
import { type Clock, realClock } from '../clock.js';
import { ConnectionLoss } from '../connection-loss.js';
import { stampFrame, withoutValues } from '../ring/frame.js';
import { Control } from '../ring/memory-layout.js';
import type { Meter } from '../ring/meter.js';
import { ReadOutcome, type RingReader } from '../ring/ring-reader.js';
import type { TagTranslation } from '../ring/tag-translation.js';
import type { DittoBlock, DittoQueue, PriorityWrite } from './ditto-queue.js';
import type { LargeFrameViews } from './large-frame-views.js';
import { Pause } from './pause.js';
import type { RateLimit } from './rate-limit.js';
import type { SentEntries } from './sent-entries.js';
import type { SocketWriter } from './socket-writer.js';
import type { TagNegotiation } from './tag-negotiation.js';
import type { TagRequests } from './tag-requests.js';

/** The most bytes of the ring that go into one socket write; at most a quarter of a small ring. */
const WRITE_BYTES = 262144;
/**
 * After this many bytes, or a quarter of the ring, the event loop may read: the room that is confirmed
 * by then can be filled while the rest is sent.
 */
const TURN_BYTES = 1048576;

/**
 * The head of the ring cannot be sent before a message of the main thread or an answer of the indexer
 * arrives.
 */
const STUCK = -1;

/** What a lane gives to the sender of each of its connections. */
export interface LaneSenderParts {
  readonly reader: RingReader;
  readonly writer: SocketWriter;
  readonly translation: TagTranslation;
  readonly requests: TagRequests;
  readonly large: LargeFrameViews;
  readonly meter: Meter;
  readonly rateLimit: RateLimit | undefined;
  /** The connection's own address, the source of entries that have none. */
  readonly local: Source;
  readonly indexerVersion: number;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** What a sender is made of. */
export interface SenderParts extends LaneSenderParts {
  readonly sent: SentEntries;
  readonly tags: TagNegotiation;
  readonly dittos: DittoQueue;
  /** Called when the connection is lost, or must be ended. */
  readonly onLost: (error: ConnectionLoss) => void;
}

/**
 * The sending half of a hot connection: it writes frames of the ring to the socket until the socket is full.
 *
 * - `pump` sends. It is called for a doorbell, when the socket has room again, when a pause is over,
 *   and when tags are negotiated.
 * - Nothing is sent during a throttle, a pause of the rate limit, or a negotiation of tags.
 * - Priority writes (ingester state, ditto blocks) are sent before the next frames.
 */
export class Sender {
  #isWriterFull = false;
  #isTurnDue = false;
  #isEnded = false;
  /** The INGESTER_STATE command that is sent next. */
  #state: Uint8Array | undefined;
  /** The cursor that a pending flush waits for, and whether another one was asked for since. */
  #flushAt: number | undefined;
  #flushAgain = false;
  readonly #takesValues: boolean;
  readonly #writeBytes: number;
  readonly #turnBytes: number;
  readonly #parts: SenderParts;
  readonly #reader: RingReader;
  /** The pause of the rate limit. */
  readonly #pace: Pause;
  /** The pause that the indexer has asked for. */
  readonly #throttle: Pause;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#reader = parts.reader;
    const clock = parts.clock ?? realClock;
    this.#pace = new Pause(() => this.pump(), clock);
    this.#throttle = new Pause(() => this.#throttleEnded(), clock);
    this.#takesValues = parts.indexerVersion >= MinimumVersion.enumeratedValues;
    const { ring } = parts.reader;
    const limited = parts.rateLimit?.writeBytes ?? WRITE_BYTES;
    this.#writeBytes = Math.min(WRITE_BYTES, ring.size / 4, limited);
    this.#turnBytes = Math.min(TURN_BYTES, ring.size / 4);
    parts.reader.setTakesValues(this.#takesValues);
    const { w0, w1, w2, w3, isIPv4 } = parts.local;
    ring.kernel.setLocalSource(w0, w1, w2, w3, isIPv4);
    ring.kernel.setNextId(1);
  }

  /** Whether the indexer has asked for a pause that has not ended. */
  get isThrottled(): boolean {
    return this.#throttle.isOn;
  }

  /** Sends what is committed until the socket is full or nothing is left; then it waits for a doorbell. */
  pump(): void {
    if (this.#isEnded || this.#isWriterFull || this.#isTurnDue) return;
    const { writer, meter, tags } = this.#parts;
    if (this.#pace.isOn || this.#throttle.isOn || tags.isPending) return;
    const { control } = this.#reader.ring;
    let turn = this.#turnBytes;
    for (;;) {
      if (writer.isFull) {
        this.#isWriterFull = true;
        return;
      }
      const sent = this.#sendNext();
      if (sent === STUCK) return;
      if (sent > 0) {
        turn -= sent;
        if (turn <= 0) {
          this.pumpSoon();
          return;
        }
      } else {
        this.#flushIfDue();
        meter.ranDry();
        Atomics.store(control, Control.asleep, 1);
        // A commit since the last look has rung no doorbell.
        if (this.#reader.available() === 0) return;
        if (Atomics.compareExchange(control, Control.asleep, 1, 0) === 0) return;
      }
    }
  }

  /** Sends what is committed, after the event loop has read what arrived. */
  pumpSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.pump();
    });
  }

  /** Asks the indexer to confirm all that is committed now, once it is sent. */
  flush(): void {
    if (this.#flushAt === undefined) this.#flushAt = this.#written();
    else this.#flushAgain = true;
    this.pump();
    this.#flushIfDue();
  }

  /**
   * Sends a whole INGESTER_STATE command before the next frames. If several cannot be sent for now,
   * only the last one is. An indexer too old for it gets none.
   */
  sendState(command: Uint8Array): void {
    if (this.#parts.indexerVersion < MinimumVersion.ingesterState) return;
    this.#state = command;
    this.pump();
  }

  /** Sends a ditto block before the next frames. */
  sendDitto(block: DittoBlock): void {
    this.#parts.dittos.add(block);
    this.pump();
  }

  /** Sends a command between two frames, also during a pause. */
  write(bytes: Uint8Array): void {
    // With the callback, always: these may be the last bytes that filled the socket.
    if (!this.#isEnded) this.#parts.writer.write([bytes], this.#flushed);
  }

  /** Begins a throttle (§11), or begins it anew. */
  throttle(milliseconds: number): void {
    this.#throttle.begin(milliseconds);
    this.#parts.meter.throttled(milliseconds);
  }

  /** Ends a throttle early, if there is one. */
  endThrottle(): void {
    if (!this.#throttle.isOn) return;
    this.#throttle.end();
    this.#throttleEnded();
  }

  /** Stops for good. The ring stays as it is. */
  end(): void {
    this.#isEnded = true;
    this.#pace.end();
    this.#throttle.end();
    this.#parts.meter.throttled(0);
  }

  #throttleEnded(): void {
    this.#parts.meter.throttled(0);
    this.pumpSoon();
  }

  readonly #flushed = () => {
    if (!this.#isWriterFull || this.#parts.writer.isFull) return;
    this.#isWriterFull = false;
    this.#flushIfDue();
    this.pump();
  };

  readonly #framesFlushed = () => {
    if (this.#isEnded) return;
    this.#parts.sent.flushed();
    this.#flushed();
  };

  /** Hands the next run of frames to the socket. Returns its bytes, 0 when nothing is committed. */
  #sendNext(): number {
    const wait = this.#parts.rateLimit?.wait() ?? 0;
    if (wait > 0) {
      this.#pace.begin(wait);
      return STUCK;
    }
    const priority = this.#takeState() ?? this.#parts.dittos.next();
    if (priority !== undefined) return this.#sendPriority(priority);
    const reader = this.#reader;
    const { ring } = reader;
    switch (reader.next(this.#writeBytes)) {
      case ReadOutcome.nothing:
        return 0;
      case ReadOutcome.frames:
        return this.#send([ring.bytes.subarray(reader.address, reader.address + reader.bytes)]);
      case ReadOutcome.valued:
        return this.#send(
          withoutValues(ring.bytes.subarray(reader.address, reader.address + reader.bytes)),
        );
      case ReadOutcome.large:
        return this.#sendLarge(reader.largeKey, reader.largeTag);
      case ReadOutcome.unknownTag:
        return this.#waitForTag(reader.unknownTag as MuxerTag);
    }
  }

  #sendLarge(key: number, tag: MuxerTag): number {
    const { translation, large, local } = this.#parts;
    const frame = large.get(key);
    // Its message is still on the way, and will call `pump`.
    if (frame === undefined) return STUCK;
    if (!translation.knows(tag)) return this.#waitForTag(tag);
    const { kernel } = this.#reader.ring;
    const id = kernel.nextId();
    kernel.setNextId(id + 1);
    this.#reader.passLarge();
    stampFrame(frame, translation.indexerTag(tag), id, local);
    large.sent(key, this.#reader.sent);
    return this.#send(this.#takesValues ? [frame] : withoutValues(frame));
  }

  /** Hands the frames that were read last to the socket, as one checkpoint. Returns their bytes. */
  #send(pieces: readonly Uint8Array[]): number {
    const bytes = sizeOf(pieces);
    this.#parts.sent.add(bytes);
    this.#parts.writer.write(pieces, this.#framesFlushed);
    return bytes;
  }

  #sendPriority({ pieces, onFlushed }: PriorityWrite): number {
    this.#parts.writer.write(pieces, () => {
      onFlushed?.();
      this.#flushed();
    });
    return sizeOf(pieces);
  }

  #takeState(): PriorityWrite | undefined {
    const state = this.#state;
    this.#state = undefined;
    return state && { pieces: [encodeForceAck(), state] };
  }

  /** The tag's message or its negotiation is on the way, unless the indexer has refused the tag. */
  #waitForTag(tag: MuxerTag): number {
    const { requests, onLost } = this.#parts;
    const name = requests.refusedName(tag);
    if (name !== undefined) {
      const problem = `the indexer has refused tag '${name}', which entries carry`;
      onLost(new ConnectionLoss('tags', problem));
    }
    return STUCK;
  }

  #flushIfDue(): void {
    if (this.#flushAt === undefined || this.#isEnded) return;
    const isSent = ((this.#reader.sent - this.#flushAt) | 0) >= 0;
    if (!isSent) return;
    this.#flushAt = this.#flushAgain ? this.#written() : undefined;
    this.#flushAgain = false;
    this.write(encodeForceAck());
  }

  #written(): number {
    return Atomics.load(this.#reader.ring.control, Control.written);
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((bytes, piece) => bytes + piece.length, 0);
}
