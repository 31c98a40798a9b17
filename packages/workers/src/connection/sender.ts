import { encodeForceAck, type MuxerTag, type Source } from '@ringest/codec';
import { type Clock, realClock } from '../clock.js';
import { stampFrame, withoutValues } from '../ring/frame.js';
import { Control } from '../ring/memory-layout.js';
import type { Meter } from '../ring/meter.js';
import { ReadOutcome, type RingReader } from '../ring/ring-reader.js';
import type { TagTranslation } from '../ring/tag-translation.js';
import { InFlight } from './in-flight.js';
import type { LargeFrameViews } from './large-frame-views.js';
import { Pause } from './pause.js';
import type { RateLimit } from './rate-limit.js';
import type { SocketWriter } from './socket-writer.js';

/** Ring bytes that go into one socket write, at most; a quarter of a small ring. */
const WRITE_BYTES = 262144;
/** Bytes after which reading gets its turn. */
const TURN_BYTES = 1048576;

/** Something must arrive before the head of the ring can be sent. */
const STUCK = -1;

/** What a sender is made of. */
export interface SenderParts {
  readonly reader: RingReader;
  readonly outlet: SocketWriter;
  readonly tables: TagTranslation;
  readonly large: LargeFrameViews;
  readonly meter: Meter;
  readonly rateLimit: RateLimit | undefined;
  /** The connection's own address, the source of entries that have none. */
  readonly local: Source;
  readonly takesValues: boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** What does not come from the ring. */
export interface PriorityWrite {
  readonly pieces: readonly Uint8Array[];
  /** The operating system has taken them. */
  readonly taken?: () => void;
}

/** Who says what a sender may send. */
export interface SenderHooks {
  /** Whether nothing may be sent for now; `pump` is called when that is over. */
  isHeld(): boolean;
  /** Something that goes out before the frames of the ring. */
  takeUrgent(): PriorityWrite | undefined;
  /** The operating system has taken frames: `lastTakenId` may have moved. */
  taken(): void;
  /** The next frame has a tag that the indexer does not know. */
  unknownTag(tag: number): void;
}

/**
 * The sending half of a hot connection: frames of the ring go to the socket, as far as it takes them.
 * A doorbell, a socket that has room again, or a pause that is over move it.
 */
export class Sender {
  /** What was sent and is not confirmed, by socket writes. */
  readonly inFlight = new InFlight();
  /** Of the last entry that was sent; ids begin at 1. */
  lastSentId = 0;
  #outletIsFull = false;
  /** Runs of frames that the operating system may still read in the ring; only the last may really be. */
  #untaken = 0;
  /** Of the last entry in front of the last run. */
  #lastIdBefore = 0;
  #turnIsDue = false;
  #isEnded = false;
  /** The cursor that a pending flush waits for, and whether another one was asked for since. */
  #flushAt: number | undefined;
  #flushAgain = false;
  readonly #writeBytes: number;
  readonly #parts: SenderParts;
  readonly #reader: RingReader;
  readonly #meter: Meter;
  readonly #hooks: SenderHooks;
  readonly #clock: Clock;
  readonly #pace: Pause;

  constructor(parts: SenderParts, hooks: SenderHooks) {
    this.#parts = parts;
    this.#reader = parts.reader;
    this.#meter = parts.meter;
    this.#hooks = hooks;
    this.#clock = parts.clock ?? realClock;
    this.#pace = new Pause(() => this.pump(), this.#clock);
    const { ring } = parts.reader;
    const limited = parts.rateLimit?.writeBytes ?? WRITE_BYTES;
    this.#writeBytes = Math.min(WRITE_BYTES, ring.size / 4, limited);
    parts.reader.setTakesValues(parts.takesValues);
    const { w0, w1, w2, w3, isIPv4 } = parts.local;
    ring.kernel.setLocalSource(w0, w1, w2, w3, isIPv4);
    ring.kernel.setNextId(1);
  }

  /**
   * The last entry whose bytes the operating system has taken, as far as it has said so. It says so
   * late: an indexer may have read and confirmed more.
   */
  get lastTakenId(): number {
    return this.#untaken === 0 ? this.lastSentId : this.#lastIdBefore;
  }

  /** Sends what is committed, as far as the socket takes it; then waits for a doorbell. */
  pump(): void {
    if (this.#isEnded || this.#outletIsFull || this.#turnIsDue || this.#pace.isOn) return;
    if (this.#hooks.isHeld()) return;
    const { outlet } = this.#parts;
    const { control } = this.#reader.ring;
    let turn = TURN_BYTES;
    for (;;) {
      if (outlet.isFull) {
        this.#outletIsFull = true;
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
        this.#meter.ranDry();
        Atomics.store(control, Control.asleep, 1);
        // A commit between the last look and the store has rung no bell.
        if (this.#reader.available() === 0) return;
        if (Atomics.compareExchange(control, Control.asleep, 1, 0) === 0) return;
      }
    }
  }

  /** The same, once what has come in is read. */
  pumpSoon(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(() => {
      this.#turnIsDue = false;
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

  /** Sends a command between two frames. */
  write(bytes: Uint8Array): void {
    // With the callback, always: it may be the last of what the outlet was full of.
    if (!this.#isEnded) this.#parts.outlet.write([bytes], this.#wrote);
  }

  /** Stops for good; the ring is left as it is. */
  end(): void {
    this.#isEnded = true;
    this.#pace.end();
  }

  readonly #wrote = () => {
    if (!this.#outletIsFull || this.#parts.outlet.isFull) return;
    this.#outletIsFull = false;
    this.#flushIfDue();
    this.pump();
  };

  readonly #framesTaken = () => {
    this.#untaken--;
    if (!this.#isEnded) this.#hooks.taken();
    this.#wrote();
  };

  /** Hands the next run of frames to the socket. Returns its bytes, 0 when nothing is committed. */
  #sendNext(): number {
    const wait = this.#parts.rateLimit?.wait() ?? 0;
    if (wait > 0) {
      this.#pace.begin(wait);
      return STUCK;
    }
    const urgent = this.#hooks.takeUrgent();
    if (urgent !== undefined) return this.#sendUrgent(urgent);
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
        this.#hooks.unknownTag(reader.unknownTag);
        return STUCK;
    }
  }

  #sendLarge(key: number, tag: MuxerTag): number {
    const { tables, large, local, takesValues } = this.#parts;
    const frame = large.get(key);
    // Its message is still on the way, and will ring.
    if (frame === undefined) return STUCK;
    if (!tables.knows(tag)) {
      this.#hooks.unknownTag(tag);
      return STUCK;
    }
    const { kernel } = this.#reader.ring;
    const id = kernel.nextId();
    kernel.setNextId(id + 1);
    this.#reader.passLarge();
    stampFrame(frame, tables.indexerTag(tag), id, local);
    large.sent(key, this.#reader.sent);
    return this.#send(takesValues ? [frame] : withoutValues(frame));
  }

  /** Hands over what was taken last, as one write to be confirmed as one. Returns its bytes. */
  #send(pieces: readonly Uint8Array[]): number {
    const now = this.#clock.now();
    const lastId = this.#reader.ring.kernel.nextId() - 1;
    if (this.inFlight.isEmpty) this.#meter.busy(now);
    const bytes = sizeOf(pieces);
    this.#meter.sent(lastId - this.lastSentId, bytes);
    this.#lastIdBefore = this.lastSentId;
    this.lastSentId = lastId;
    this.inFlight.push(lastId, this.#reader.sent, bytes, now);
    this.#untaken++;
    this.#parts.outlet.write(pieces, this.#framesTaken);
    return bytes;
  }

  #sendUrgent({ pieces, taken }: PriorityWrite): number {
    this.#parts.outlet.write(pieces, () => {
      taken?.();
      this.#wrote();
    });
    return sizeOf(pieces);
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
