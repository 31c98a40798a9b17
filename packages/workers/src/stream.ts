import type { Socket } from 'node:net';
import {
  CONFIRM_ENTRY_BYTES,
  encodeForceAck,
  type IndexerMessage,
  type IndexerStreamDecoder,
  indexerCommandSize,
  type Source,
  WORD_BYTES,
} from '@ringest/codec';
import { Control, RECEIVE_AT } from './boundary.js';
import { withoutValues } from './frame.js';
import { InFlight } from './in-flight.js';
import type { LargeFrames } from './large-frames.js';
import { Lost } from './lost.js';
import type { Meter } from './meter.js';
import { type RingReader, Taken } from './ring-reader.js';

/** Ring bytes that go into one socket write, at most; a quarter of a small ring. */
const WRITE_BYTES = 262144;
/** Bytes after which reading gets its turn. */
const TURN_BYTES = 1048576;

/** Something must arrive before the head of the ring can be sent. */
const STUCK = -1;

/** What a stream tells its lane. */
export interface StreamEvents {
  /** `released` moved. */
  released(): void;
  /** The connection is of no use any more. */
  lost(error: unknown): void;
}

/**
 * A hot connection: frames of the ring go out, confirmations come in. It does nothing by itself:
 * a doorbell, a socket that has room again, or bytes that came in move it.
 */
export class Stream {
  /** How many of the entries sent on this connection are confirmed. */
  #confirmed = 0;
  #lastSentId = 0;
  /** Entries before `released`; what is confirmed beyond them waits for its checkpoint. */
  #releasedId = 0;
  #socketIsFull = false;
  #isEnded = false;
  #turnIsDue = false;
  /** The cursor that a pending flush waits for, and whether another one was asked for since. */
  #flushAt: number | undefined;
  #flushAgain = false;
  #throttle: NodeJS.Timeout | undefined;
  /** Bytes of a begun command, right before the receive area. */
  #carried = 0;
  readonly #inFlight = new InFlight();
  readonly #writeBytes: number;
  readonly #reader: RingReader;
  readonly #socket: Socket;
  readonly #decoder: IndexerStreamDecoder;
  readonly #large: LargeFrames;
  readonly #meter: Meter;
  readonly #events: StreamEvents;
  /** The connection's own address, the source of entries that have none. */
  readonly #local: Source;
  /** Whether the indexer is of API version 8 or later (§2). */
  readonly #takesValues: boolean;

  constructor(parts: {
    reader: RingReader;
    socket: Socket;
    decoder: IndexerStreamDecoder;
    large: LargeFrames;
    meter: Meter;
    local: Source;
    takesValues: boolean;
    events: StreamEvents;
  }) {
    this.#reader = parts.reader;
    this.#socket = parts.socket;
    this.#decoder = parts.decoder;
    this.#large = parts.large;
    this.#meter = parts.meter;
    this.#events = parts.events;
    const { ring } = parts.reader;
    this.#writeBytes = Math.min(WRITE_BYTES, ring.size / 4);
    this.#local = parts.local;
    this.#takesValues = parts.takesValues;
    parts.reader.setTakesValues(parts.takesValues);
    const { w0, w1, w2, w3, isIPv4 } = parts.local;
    ring.kernel.setLocalSource(w0, w1, w2, w3, isIPv4);
    ring.kernel.setNextId(1);
  }

  /** Entries confirmed since the last release: the oldest ones in the ring need no resending. */
  get confirmedBeyondRelease(): number {
    return this.#confirmed - this.#releasedId;
  }

  /** Sends what is committed, as far as the socket takes it; then waits for a doorbell. */
  pump(): void {
    if (this.#socketIsFull || this.#turnIsDue || this.#isEnded || this.#throttle) return;
    const { control } = this.#reader.ring;
    let turn = TURN_BYTES;
    for (;;) {
      const sent = this.#sendNext();
      if (sent === STUCK) return;
      if (sent > 0) {
        if (this.#socket.writableLength > 0) {
          this.#socketIsFull = true;
          return;
        }
        turn -= sent;
        if (turn <= 0) {
          this.#turnIsDue = true;
          setImmediate(this.#nextTurn);
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

  /** Asks the indexer to confirm all that is committed now, once it is sent. */
  flush(): void {
    if (this.#flushAt === undefined) this.#flushAt = this.#written();
    else this.#flushAgain = true;
    this.pump();
    this.#flushIfDue();
  }

  /** Begins: what the handshake has not read belongs to the stream, as does what is committed. */
  begin(): void {
    const begun = this.#decoder.rest();
    this.#reader.ring.bytes.set(begun, RECEIVE_AT);
    this.received(begun.length);
    this.pump();
  }

  /** So many bytes have come into the receive area. */
  received(bytes: number): void {
    if (this.#isEnded) return;
    if (bytes > 0) this.#endThrottle();
    try {
      this.#read(RECEIVE_AT - this.#carried, RECEIVE_AT + bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Stops for good; the ring is left as it is. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#throttle);
  }

  readonly #nextTurn = () => {
    this.#turnIsDue = false;
    this.pump();
  };

  readonly #wrote = () => {
    if (!this.#socketIsFull || this.#socket.writableLength > 0) return;
    this.#socketIsFull = false;
    this.#flushIfDue();
    this.pump();
  };

  /** Hands the next run of frames to the socket. Returns its bytes, 0 when nothing is committed. */
  #sendNext(): number {
    const reader = this.#reader;
    const { ring } = reader;
    switch (reader.take(this.#writeBytes)) {
      case Taken.nothing:
        return 0;
      case Taken.frames:
        return this.#send([ring.bytes.subarray(reader.address, reader.address + reader.bytes)]);
      case Taken.valued:
        return this.#send(
          withoutValues(ring.bytes.subarray(reader.address, reader.address + reader.bytes)),
        );
      case Taken.large: {
        const frame = this.#large.get(reader.largeKey);
        // Its message is still on the way, and will ring.
        if (frame === undefined) return STUCK;
        const id = ring.kernel.nextId();
        ring.kernel.setNextId(id + 1);
        reader.passLarge();
        this.#large.stamp(reader.largeKey, reader.largeTag, id, this.#local, ring, reader.sent);
        return this.#send(this.#takesValues ? [frame] : withoutValues(frame));
      }
      case Taken.unknownTag:
        this.#fail(new Lost('tags', `the indexer has no number for tag ${reader.unknownTag}`));
        return STUCK;
    }
  }

  /** Hands over what was taken last, as one write to be confirmed as one. Returns its bytes. */
  #send(pieces: readonly Uint8Array[]): number {
    const now = performance.now();
    const lastId = this.#reader.ring.kernel.nextId() - 1;
    if (this.#inFlight.isEmpty) this.#meter.busy(now);
    this.#meter.counts.sentEntries += lastId - this.#lastSentId;
    this.#lastSentId = lastId;
    let bytes = 0;
    for (const piece of pieces) {
      bytes += piece.length;
      this.#socket.write(piece, this.#wrote);
    }
    this.#inFlight.push(lastId, this.#reader.sent, bytes, now);
    this.#meter.counts.sentBytes += bytes;
    return bytes;
  }

  #flushIfDue(): void {
    if (this.#flushAt === undefined || this.#isEnded) return;
    const isSent = ((this.#reader.sent - this.#flushAt) | 0) >= 0;
    if (!isSent) return;
    this.#flushAt = this.#flushAgain ? this.#written() : undefined;
    this.#flushAgain = false;
    // With the callback: it may be the last of what the socket was full of.
    this.#socket.write(encodeForceAck(), this.#wrote);
  }

  #written(): number {
    return Atomics.load(this.#reader.ring.control, Control.written);
  }

  #confirm(count: number): void {
    const ahead = this.#confirmed + count - this.#lastSentId;
    if (ahead > 0) {
      const id = this.#lastSentId + 1;
      this.#fail(new Lost('protocol', neverSent(id)));
      count -= ahead;
    }
    this.#confirmed += count;
    this.#meter.counts.confirmedEntries += count;
    const inFlight = this.#inFlight;
    const before = this.#reader.released;
    const now = performance.now();
    let released = before;
    let bytes = 0;
    while (!inFlight.isEmpty && inFlight.oldestId <= this.#confirmed) {
      released = inFlight.oldestEnd;
      bytes += inFlight.oldestBytes;
      this.#releasedId = inFlight.oldestId;
      this.#meter.acknowledged(inFlight.oldestTime, now);
      inFlight.pop();
    }
    if (released === before) {
      this.#meter.publish();
      return;
    }
    this.#meter.counts.confirmedBytes += bytes;
    // Before the release: whoever sees what is released sees it counted.
    this.#meter.confirmed(bytes, now);
    this.#reader.release(released);
    this.#large.releaseUpTo(released);
    this.#events.released();
  }

  /** Runs of confirmations are counted by the kernel, other commands read one by one. */
  #read(from: number, end: number): void {
    const { kernel, bytes, view } = this.#reader.ring;
    let at = from;
    while (!this.#isEnded) {
      const confirmed = kernel.countConfirmations(at, end, this.#confirmed + 1);
      if (confirmed > 0) this.#confirm(confirmed);
      at += confirmed * CONFIRM_ENTRY_BYTES;
      if (at + WORD_BYTES > end) break;
      const size = indexerCommandSize(view.getUint32(at, true));
      if (at + size > end) break;
      this.#decoder.push(bytes.subarray(at, at + size));
      this.#obey(this.#decoder.next());
      at += size;
    }
    // A begun command is kept for the next bytes.
    this.#carried = end - at;
    bytes.copyWithin(RECEIVE_AT - this.#carried, at, end);
  }

  #obey(message: IndexerMessage | undefined): void {
    switch (message?.kind) {
      case 'confirmEntry':
        this.#confirmOne(message.id);
        break;
      case 'throttle':
        this.#startThrottle(message.nanoseconds / 1e6);
        break;
      case 'pong':
        break;
      default:
        this.#fail(new Lost('protocol', `the indexer sent ${message?.kind}, which is not due`));
    }
  }

  #confirmOne(id: number): void {
    // Confirmed before: not outstanding, and ignored (§5).
    if (id <= this.#confirmed) return;
    if (id === this.#confirmed + 1) {
      this.#confirm(1);
      return;
    }
    const outOfOrder = `the indexer confirmed entry ${id} before those sent earlier`;
    this.#fail(new Lost('protocol', id > this.#lastSentId ? neverSent(id) : outOfOrder));
  }

  #startThrottle(milliseconds: number): void {
    clearTimeout(this.#throttle);
    this.#throttle = setTimeout(() => this.#endThrottle(), milliseconds);
  }

  #endThrottle(): void {
    if (this.#throttle === undefined) return;
    clearTimeout(this.#throttle);
    this.#throttle = undefined;
    setImmediate(this.#nextTurn);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.end();
    this.#events.lost(error);
  }
}

function neverSent(id: number): string {
  return `the indexer confirmed entry ${id}, which was never sent`;
}
