import {
  type Compression,
  encodeForceAck,
  encodePing,
  type IndexerMessage,
  type IndexerStreamDecoder,
  type IndexerTag,
  type MuxerTag,
} from '@ringest/codec';
import { realClock } from '../clock.js';
import { ConnectionLoss } from '../connection-loss.js';
import type { ConnectionTimes, TagName } from '../endpoint.js';
import type { DittoEnd } from '../messages.js';
import { DittoQueue } from './ditto-queue.js';
import { Liveness, type LivenessSubject } from './liveness.js';
import { lossWithoutConfirmation } from './loss-of.js';
import { type ReplyHandler, ReplyReader } from './reply-reader.js';
import { type LaneSenderParts, Sender } from './sender.js';
import { SentEntries } from './sent-entries.js';
import { TagNegotiation } from './tag-negotiation.js';

/** What a hot connection reports to its lane. */
export interface HotConnectionEvents {
  /** The cursor `released` has moved. */
  released(): void;
  /** The indexer has accepted or refused a tag. */
  tagAnswered(tag: MuxerTag, isRefused: boolean): void;
  dittoEnded(key: number, end: DittoEnd): void;
  /** The indexer has asked for a pause (§4, THROTTLE). */
  throttled(milliseconds: number): void;
  /** The connection is lost, or must be ended. */
  lost(error: unknown): void;
}

/** What a hot connection is made of. */
export interface HotConnectionParts extends LaneSenderParts {
  /** The decoder that has read the handshake. */
  readonly decoder: IndexerStreamDecoder;
  readonly times: ConnectionTimes;
  /** The compression that was agreed with the indexer. */
  readonly compression: Compression;
  readonly events: HotConnectionEvents;
}

/**
 * A hot connection. It handles the replies of the indexer, and passes them down: confirmations to the
 * sent entries, answers to the negotiation of tags and to the ditto blocks, throttles to the sender.
 * None of these calls back, except that any of them can end the connection.
 */
export class HotConnection implements ReplyHandler {
  readonly sender: Sender;
  readonly dittos: DittoQueue;
  #isEnded = false;
  readonly #parts: HotConnectionParts;
  readonly #sent: SentEntries;
  readonly #replies: ReplyReader;
  readonly #tags: TagNegotiation;
  readonly #liveness: Liveness;
  readonly #hotSince: number;

  constructor(parts: HotConnectionParts) {
    this.#parts = parts;
    this.#hotSince = (parts.clock ?? realClock).now();
    const { reader, meter, large, translation, local, decoder, compression, events } = parts;
    this.#sent = new SentEntries({
      reader,
      meter,
      large,
      clock: parts.clock,
      onReleased: () => events.released(),
    });
    this.#tags = new TagNegotiation(translation, parts.indexerVersion);
    this.dittos = new DittoQueue(translation, local, events.dittoEnded);
    this.sender = new Sender({
      ...parts,
      sent: this.#sent,
      tags: this.#tags,
      dittos: this.dittos,
      onLost: (error) => this.#fail(error),
    });
    this.#replies = new ReplyReader(reader.ring, decoder, compression, this);
    this.#liveness = new Liveness(parts.times, this.#livenessSubject(), parts.clock);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get nextToConfirm(): number {
    return this.#sent.confirmed + 1;
  }

  /** Confirmed entries at the tail of the ring that are not released: they need no resending. */
  get confirmedBeyondRelease(): number {
    return this.#sent.confirmedBeyondRelease;
  }

  /**
   * Whether the connection is worth making again at once: something was confirmed on it, or it has lasted for
   * the longest delay between attempts. An indexer that cannot store accepts one connection after the other,
   * and ends each of them.
   */
  get isProved(): boolean {
    const { times, clock = realClock } = this.#parts;
    if (this.#sent.confirmed > 0 || this.dittos.confirmations > 0) return true;
    return clock.now() - this.#hotSince >= times.mostRetry;
  }

  /** The error that has ended the connection. It tells if nothing was confirmed of what was sent. */
  explain(error: unknown): unknown {
    const { last, confirmed } = this.#sent;
    const isUnexplained = error instanceof ConnectionLoss && error.reason === 'lost';
    if (!isUnexplained || last === 0 || confirmed > 0) return error;
    return lossWithoutConfirmation(error, last);
  }

  /** Reads what the handshake has left unread, and sends what is committed. */
  begin(): void {
    this.#attempt(() => this.received(this.#replies.begin()));
    this.sender.pump();
  }

  /** Negotiates one more tag. Every sent entry is confirmed first. */
  negotiate(tag: TagName): void {
    this.#attempt(() => {
      const isFirst = this.#tags.add(tag);
      if (isFirst && !this.#isNothingOutstanding) this.sender.write(encodeForceAck());
      this.#proceedWithTags();
    });
  }

  /** Handles bytes that arrived in the receive area. */
  received(bytes: number): void {
    if (this.#isEnded) return;
    if (bytes > 0) this.#liveness.heard();
    this.#attempt(() => this.#replies.read(bytes));
  }

  /** Stops for good. The ring stays as it is. */
  end(): void {
    this.#isEnded = true;
    this.sender.end();
    this.#liveness.end();
  }

  confirm(count: number): void {
    this.sender.endThrottle();
    const { last, confirmed } = this.#sent;
    const isBeyond = confirmed + count > last;
    if (isBeyond) this.#fail(new ConnectionLoss('protocol', neverSent(last + 1)));
    this.#sent.confirm(isBeyond ? last - confirmed : count);
    if (!this.#isEnded) this.#proceedWithTags();
  }

  handle(message: IndexerMessage | undefined): void {
    // Any other reply ends a throttle (§11).
    if (message?.kind !== 'throttle') this.sender.endThrottle();
    switch (message?.kind) {
      case 'confirmEntry':
        this.#confirmOne(message.id);
        break;
      case 'throttle':
        this.sender.throttle(message.nanoseconds / 1e6);
        this.#parts.events.throttled(message.nanoseconds / 1e6);
        break;
      case 'confirmTag':
        this.#answerTag(message.tag);
        break;
      case 'errorTag':
        this.#answerTag(undefined);
        break;
      case 'confirmDittoBlock':
        if (!this.dittos.confirm(message.result)) throw notDue(message);
        this.#proceedWithTags();
        break;
      case 'pong':
      case 'confirmIngesterState':
        break;
      default:
        throw notDue(message);
    }
  }

  #confirmOne(id: number): void {
    const next = this.nextToConfirm;
    // An older entry is confirmed already, and the command is ignored (§5).
    if (id === next) this.confirm(1);
    else if (id > next) {
      const outOfOrder = `the indexer confirmed entry ${id} before those sent earlier`;
      const isFuture = id > this.#sent.last;
      throw new ConnectionLoss('protocol', isFuture ? neverSent(id) : outOfOrder);
    }
  }

  #answerTag(indexerTag: IndexerTag | undefined): void {
    const { tag, isRefused } = this.#tags.answer(indexerTag);
    this.#parts.events.tagAnswered(tag, isRefused);
    this.sender.pumpSoon();
    this.#proceedWithTags();
  }

  /** Whether nothing is outstanding: only then tags may be asked for (§7). */
  get #isNothingOutstanding(): boolean {
    return this.#sent.areConfirmed && !this.dittos.isOutstanding;
  }

  #proceedWithTags(): void {
    const commands = this.#isNothingOutstanding ? this.#tags.takeCommands() : undefined;
    if (commands !== undefined) this.sender.write(commands);
  }

  #livenessSubject(): LivenessSubject {
    const { reader, meter } = this.#parts;
    const { sender, dittos } = this;
    const sent = this.#sent;
    const tags = this.#tags;
    return {
      get confirmations() {
        return sent.confirmed + dittos.confirmations;
      },
      get isOutstanding() {
        // Without this, an indexer could stop entries forever by one throttle after another.
        const isHeldBack = sender.isThrottled && reader.available() > 0;
        return !sent.areConfirmed || isHeldBack || dittos.isOutstanding || tags.isPending;
      },
      get outstandingBytes() {
        const { sentBytes, confirmedBytes, resentBytes } = meter.counts;
        return sentBytes - confirmedBytes - resentBytes + dittos.outstandingBytes;
      },
      ping: () => sender.write(encodePing()),
      forceAck: () => sender.write(encodeForceAck()),
      lost: (error) => this.#fail(error),
    };
  }

  /** Does something; an error that it throws ends the connection. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
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
