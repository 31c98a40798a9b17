import type { Duplex } from 'node:stream';
import {
  CONFIRM_ENTRY_BYTES,
  Command,
  encodeConfirmDittoBlock,
  encodeThrottle,
  MAX_THROTTLE_NANOSECONDS,
  SnappyFramingEncoder,
} from '@ringest/codec';
import { ConfirmationDelay } from '../behaviour/confirmation-delay.js';

/** The most confirmations of one write: 64 KiB of them. */
const CONFIRMATIONS_PER_WRITE = 5461;

const BUFFER_BYTES = CONFIRMATIONS_PER_WRITE * CONFIRM_ENTRY_BYTES;

/** The most bytes of replies that wait for the ingester to read them. Then reading its entries pauses. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** The memory of a write besides its bytes, roughly. */
const WRITE_OVERHEAD_BYTES = 256;

/** The result in the confirmation of a ditto block that is stored (§4). */
const DITTO_STORED = 0;

/** The events of a {@link ReplyWriter}. */
export interface ReplyEvents {
  /** The ingester has read its replies after {@link ReplyWriter.congested}. */
  drained(): void;
  /** The last delayed confirmation was sent. */
  delivered(): void;
  /** Called before confirmations are sent. If it throws, they are never sent. */
  beforeConfirm(): void;
}

/**
 * Writes to an ingester. A reply is sent at once, confirmations of entries are sent in bulk. Everything is
 * sent in the order of the calls, except that replies overtake delayed confirmations. Confirmations are
 * written to a few buffers, each of which is used again when it was sent.
 */
export class ReplyWriter {
  readonly #stream: Duplex;
  readonly #events: ReplyEvents;
  readonly #delay: ConfirmationDelay;
  readonly #free: ConfirmationBuffer[] = [];
  #buffer = new ConfirmationBuffer();
  #view = this.#buffer.view;
  #length = 0;
  #packer: SnappyFramingEncoder | undefined;
  #unsentBytes = 0;
  #congested = false;
  #wrote = false;
  #confirmed = false;

  constructor(stream: Duplex, events: ReplyEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#delay = new ConfirmationDelay(
      (confirmations) => this.#pack(confirmations),
      () => events.delivered(),
    );
  }

  /** The delay of confirmations in milliseconds, see {@link ConfirmationDelay}. */
  set ackDelay(milliseconds: number) {
    this.#delay.milliseconds = milliseconds;
  }

  /** Whether more than 1 MiB waits for the ingester to read it. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Whether confirmations wait for {@link flush}. */
  get pending(): boolean {
    return this.#length > 0;
  }

  /** Whether delayed confirmations still wait. */
  get isDelivering(): boolean {
    return !this.#delay.isEmpty;
  }

  /** Whether the ingester is throttled: any message would end the throttle (§11). */
  get isThrottled(): boolean {
    return this.#delay.isPaused;
  }

  /** Returns whether anything was confirmed since the last call. */
  takeConfirmed(): boolean {
    const confirmed = this.#confirmed;
    this.#confirmed = false;
    return confirmed;
  }

  /** Returns whether anything was sent since the last call. */
  takeWrote(): boolean {
    const wrote = this.#wrote;
    this.#wrote = false;
    return wrote;
  }

  /** Adds the confirmation of the entry with this id, a `u64` in two words, signed or not. */
  confirm(idLow: number, idHigh: number): void {
    const at = this.#length;
    this.#view.setInt32(at + 4, idLow, true);
    this.#view.setInt32(at + 8, idHigh, true);
    this.#length = at + CONFIRM_ENTRY_BYTES;
    if (this.#length === BUFFER_BYTES) this.flush();
  }

  /**
   * Sends the confirmations that were added, unless they are delayed.
   *
   * @throws whatever {@link ReplyEvents.beforeConfirm} throws.
   */
  flush(): void {
    if (this.#length === 0) return;
    const buffer = this.#buffer;
    const bytes = buffer.bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#confirmed = true;
    this.#events.beforeConfirm();
    if (this.#delay.isInForce) {
      this.#delay.push(bytes);
      return;
    }
    if (this.#packer !== undefined) {
      this.#pack(bytes);
      return;
    }
    this.#buffer = this.#free.pop() ?? new ConfirmationBuffer();
    this.#view = this.#buffer.view;
    this.#write(bytes, BUFFER_BYTES, () => this.#free.push(buffer));
  }

  /** Confirms a whole ditto block, after the confirmations that were added before. */
  confirmDittoBlock(): void {
    this.flush();
    this.#confirmed = true;
    this.#events.beforeConfirm();
    const confirmation = encodeConfirmDittoBlock(DITTO_STORED);
    if (this.#delay.isInForce) this.#delay.push(confirmation);
    else this.#pack(confirmation);
  }

  /** Sends a message, after the confirmations that were added before and are not delayed. */
  reply(message: Buffer): void {
    this.flush();
    this.#pack(message);
  }

  /** Sends a THROTTLE. Confirmations wait until its end, because any message would end it early (§11). */
  throttle(nanoseconds: number): void {
    this.reply(encodeThrottle(nanoseconds));
    this.#delay.pause(Math.min(nanoseconds, MAX_THROTTLE_NANOSECONDS) / 1e6);
  }

  /** Sends all confirmations, delayed or not. */
  release(): void {
    this.flush();
    this.#delay.release();
  }

  /** Sends what can still be sent on a connection that is being ended. */
  finish(): void {
    try {
      if (!this.#stream.destroyed) this.release();
    } finally {
      this.#delay.release();
    }
  }

  /** Compresses everything from here on, as one stream in the snappy framing format (§9). */
  compress(): void {
    this.release();
    this.#packer = new SnappyFramingEncoder();
  }

  #pack(message: Buffer): void {
    const bytes = this.#packer?.encode(message) ?? message;
    this.#write(bytes, bytes.length + WRITE_OVERHEAD_BYTES);
  }

  /** @param cost the memory that is held until `sent` is called. */
  #write(bytes: Buffer, cost: number, sent?: () => void): void {
    // A connection that is being ended accepts no more bytes.
    if (!this.#stream.writable) return;
    this.#wrote = true;
    this.#unsentBytes += cost;
    this.#congested ||= this.#unsentBytes > MAX_UNSENT_BYTES;
    this.#stream.write(bytes, () => {
      sent?.();
      this.#unsentBytes -= cost;
      if (!this.#congested || this.#unsentBytes > MAX_UNSENT_BYTES / 2) return;
      this.#congested = false;
      this.#events.drained();
    });
  }
}

class ConfirmationBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, BUFFER_BYTES);

  constructor() {
    // The command words are written once: later, only the ids are written.
    for (let at = 0; at < BUFFER_BYTES; at += CONFIRM_ENTRY_BYTES) {
      this.view.setUint32(at, Command.confirmEntry, true);
    }
  }
}
