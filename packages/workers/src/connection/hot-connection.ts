import {
  type Compression,
  encodeForceAck,
  encodePing,
  type IndexerMessage,
  type IndexerStreamDecoder,
  MinimumVersion,
} from '@ringest/codec';
import { type Clock, realClock } from '../clock.js';
import { ConnectionLoss } from '../connection-loss.js';
import type { ConnectionTimes, TagName } from '../endpoint.js';
import type { DittoEnd } from '../messages.js';
import { type DittoBlock, DittoQueue } from './ditto-queue.js';
import { Liveness, type LivenessSubject } from './liveness.js';
import { Pause } from './pause.js';
import { type InputHandler, ReplyReader } from './reply-reader.js';
import { type PriorityWrite, Sender, type SenderParts } from './sender.js';
import { TagNegotiation } from './tag-negotiation.js';

/** What a stream tells its lane. */
export interface StreamEvents {
  /** `released` moved. */
  released(): void;
  /** The indexer has taken or refused a tag. */
  tagAnswered(tag: number, isRefused: boolean): void;
  /** The name of a tag that the indexer has refused; `undefined`: it has not. */
  refusedName(tag: number): string | undefined;
  dittoEnded(key: number, end: DittoEnd): void;
  /** The connection is of no use any more. */
  lost(error: unknown): void;
}

/** What a stream is made of. */
export interface StreamParts extends Omit<SenderParts, 'takesValues'> {
  readonly decoder: IndexerStreamDecoder;
  readonly times: ConnectionTimes;
  readonly indexerVersion: number;
  /** As it was agreed with the indexer. */
  readonly compression: Compression;
  readonly events: StreamEvents;
}

/**
 * A hot connection: a sender for the frames of the ring, and what the indexer says to that.
 * Confirmations give room back; the other answers concern tags, ditto blocks and pauses.
 */
export class HotConnection implements InputHandler {
  /** How many of the entries sent on this connection are confirmed. */
  #confirmed = 0;
  /** Entries before `released`; what is confirmed beyond them waits for its checkpoint. */
  #releasedId = 0;
  /** Whether something is confirmed whose room waits until the operating system has taken it. */
  #isHeldBack = false;
  #isEnded = false;
  /** What the indexer is to be told next. */
  #state: Uint8Array | undefined;
  readonly #parts: StreamParts;
  readonly #clock: Clock;
  readonly #sender: Sender;
  readonly #input: ReplyReader;
  readonly #tags: TagNegotiation;
  readonly #dittos: DittoQueue;
  readonly #throttle: Pause;
  readonly #watch: Liveness;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
    const { reader, tables, local, indexerVersion, times, decoder, compression, events } = parts;
    const takesValues = indexerVersion >= MinimumVersion.enumeratedValues;
    this.#sender = new Sender(
      { ...parts, takesValues },
      {
        isHeld: () => this.#throttle.isOn || this.#tags.isAsking,
        takeUrgent: () => this.#takeState() ?? this.#dittos.next(),
        taken: () => {
          if (this.#isHeldBack) this.#release();
        },
        unknownTag: (tag) => this.#waitForTag(tag),
      },
    );
    this.#input = new ReplyReader(reader.ring, decoder, compression, this);
    this.#tags = this.#createTags();
    this.#dittos = new DittoQueue(tables, local, events.dittoEnded);
    this.#throttle = new Pause(() => this.#endThrottle(), this.#clock);
    this.#watch = this.#createWatch(times);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get nextToConfirm(): number {
    return this.#confirmed + 1;
  }

  /** Entries confirmed since the last release: the oldest ones in the ring need no resending. */
  get confirmedBeyondRelease(): number {
    return this.#confirmed - this.#releasedId;
  }

  /** Begins: what the handshake has not read belongs to the stream, as does what is committed. */
  begin(): void {
    try {
      this.received(this.#input.begin());
    } catch (error) {
      this.#fail(error);
    }
    this.pump();
  }

  /** Sends what is committed. */
  pump(): void {
    this.#sender.pump();
  }

  /** Asks the indexer to confirm all that is committed now, once it is sent. */
  flush(): void {
    this.#sender.flush();
  }

  /** Negotiates one more tag; everything outstanding is confirmed first. */
  negotiate(tag: TagName): void {
    this.#tags.ask(tag);
  }

  /**
   * Sends a whole INGESTER_STATE command to an indexer that takes it, before anything that is not
   * sent yet. Of several that cannot be sent for now, the last one is.
   */
  tellState(command: Uint8Array): void {
    if (this.#parts.indexerVersion < MinimumVersion.ingesterState) return;
    this.#state = command;
    this.pump();
  }

  /** Sends a ditto block before anything that is not sent yet. */
  ditto(block: DittoBlock): void {
    this.#dittos.add(block);
    this.pump();
  }

  cancelDitto(key: number): void {
    this.#dittos.cancel(key);
  }

  /** So many bytes have come into the receive area. */
  received(bytes: number): void {
    if (this.#isEnded) return;
    if (bytes > 0) this.#watch.heard();
    try {
      this.#input.read(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Stops for good; the ring is left as it is. */
  end(): void {
    this.#isEnded = true;
    this.#sender.end();
    this.#throttle.end();
    this.#watch.end();
    this.#parts.meter.throttled(0);
  }

  /** The socket is closed, after the end: it reads nothing of what it was given any more. */
  socketClosed(): void {
    this.#dittos.end();
  }

  confirm(count: number): void {
    this.#spoke();
    const ahead = this.#confirmed + count - this.#sender.lastSentId;
    if (ahead > 0) {
      this.#fail(new ConnectionLoss('protocol', neverSent(this.#sender.lastSentId + 1)));
      count -= ahead;
    }
    this.#confirmed += count;
    this.#parts.meter.counts.confirmedEntries += count;
    this.#release();
    if (this.#tags.isAsking && !this.#isEnded) this.#tags.proceed();
  }

  obey(message: IndexerMessage | undefined): void {
    if (message?.kind !== 'throttle') this.#spoke();
    switch (message?.kind) {
      case 'confirmEntry':
        this.#confirmOne(message.id);
        break;
      case 'throttle':
        this.#beginThrottle(message.nanoseconds / 1e6);
        break;
      case 'confirmTag':
        this.#tags.answer(message.tag);
        break;
      case 'errorTag':
        this.#tags.answer(undefined);
        break;
      case 'confirmDittoBlock':
        if (this.#dittos.confirm(message.result)) this.#tags.proceed();
        else this.#fail(notDue(message));
        break;
      case 'pong':
      case 'confirmIngesterState':
        break;
      default:
        this.#fail(notDue(message));
    }
  }

  /**
   * Gives back the room of all socket writes that are wholly confirmed, but for one that the operating
   * system has not taken yet: its bytes would be used again before they are sent.
   */
  #release(): void {
    const { inFlight, lastTakenId } = this.#sender;
    const last = Math.min(this.#confirmed, lastTakenId);
    const { reader, meter, large, events } = this.#parts;
    const before = reader.released;
    const now = this.#clock.now();
    let released = before;
    let bytes = 0;
    while (!inFlight.isEmpty && inFlight.oldestId <= last) {
      released = inFlight.oldestEnd;
      bytes += inFlight.oldestBytes;
      this.#releasedId = inFlight.oldestId;
      meter.acknowledged(inFlight.oldestTime, now);
      inFlight.pop();
    }
    this.#isHeldBack = !inFlight.isEmpty && inFlight.oldestId <= this.#confirmed;
    if (released === before) {
      meter.publish();
      return;
    }
    meter.counts.confirmedBytes += bytes;
    // Before the release: whoever sees what is released sees it counted.
    meter.confirmed(bytes, now);
    reader.release(released);
    large.releaseUpTo(released);
    events.released();
  }

  #confirmOne(id: number): void {
    // Confirmed before: not outstanding, and ignored (§5).
    if (id <= this.#confirmed) return;
    if (id === this.#confirmed + 1) {
      this.confirm(1);
      return;
    }
    const outOfOrder = `the indexer confirmed entry ${id} before those sent earlier`;
    const isFuture = id > this.#sender.lastSentId;
    this.#fail(new ConnectionLoss('protocol', isFuture ? neverSent(id) : outOfOrder));
  }

  #takeState(): PriorityWrite | undefined {
    const state = this.#state;
    this.#state = undefined;
    return state && { pieces: [encodeForceAck(), state] };
  }

  #beginThrottle(milliseconds: number): void {
    this.#throttle.begin(milliseconds);
    this.#parts.meter.throttled(milliseconds);
  }

  /** The indexer has said something, which ends a throttle (§11). */
  #spoke(): void {
    if (!this.#throttle.isOn) return;
    this.#throttle.end();
    this.#endThrottle();
  }

  #endThrottle(): void {
    this.#parts.meter.throttled(0);
    this.#sender.pumpSoon();
  }

  /** The tag's message or its negotiation is on the way, unless the indexer has refused it. */
  #waitForTag(tag: number): void {
    const name = this.#parts.events.refusedName(tag);
    if (name === undefined) return;
    const problem = `the indexer has refused tag '${name}', which entries carry`;
    this.#fail(new ConnectionLoss('tags', problem));
  }

  #createTags(): TagNegotiation {
    const stream = this;
    const { tables, indexerVersion, events } = this.#parts;
    return new TagNegotiation(tables, indexerVersion, {
      get isSettled() {
        return stream.#confirmed === stream.#sender.lastSentId && !stream.#dittos.isOutstanding;
      },
      write: (bytes) => this.#sender.write(bytes),
      answered: ({ tag }, isRefused) => {
        events.tagAnswered(tag, isRefused);
        this.#sender.pumpSoon();
      },
      lost: (error) => this.#fail(error),
    });
  }

  #createWatch(times: ConnectionTimes): Liveness {
    const stream = this;
    const watched: LivenessSubject = {
      get confirmations() {
        return stream.#confirmed + stream.#dittos.confirmations;
      },
      get isOutstanding() {
        // Held back by pauses without end, entries would wait here for ever.
        const isHeldBack = stream.#throttle.isOn && stream.#parts.reader.available() > 0;
        const isUnconfirmed = stream.#confirmed < stream.#sender.lastSentId || isHeldBack;
        return isUnconfirmed || stream.#dittos.isOutstanding || stream.#tags.isAsking;
      },
      get outstandingBytes() {
        const { sentBytes, confirmedBytes, resentBytes } = stream.#parts.meter.counts;
        return sentBytes - confirmedBytes - resentBytes + stream.#dittos.outstandingBytes;
      },
      ping: () => this.#sender.write(encodePing()),
      forceAck: () => this.#sender.write(encodeForceAck()),
      lost: (error) => this.#fail(error),
    };
    return new Liveness(times, watched, this.#clock);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.end();
    this.#parts.events.lost(error);
  }
}

function neverSent(id: number): string {
  return `the indexer confirmed entry ${id}, which was never sent`;
}

function notDue(message: IndexerMessage | undefined): ConnectionLoss {
  return new ConnectionLoss('protocol', `the indexer sent ${message?.kind}, which is not due`);
}
