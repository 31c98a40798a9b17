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

/** When so much memory is under way to an ingester, it does not read its replies. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** What a write costs besides its bytes, roughly. */
const WRITE_OVERHEAD_BYTES = 256;

/** A ditto block that is stored is confirmed with this (§4). */
const DITTO_STORED = 0;

/** What a {@link ReplyWriter} tells about. */
export interface ReplyEvents {
  /** The ingester has read its replies after {@link ReplyWriter.congested}. */
  drained(): void;
  /** The last delayed confirmation has left in its time. */
  delivered(): void;
  /** Confirmations are about to be sent. What this throws, they are not, and never will be. */
  beforeConfirm(): void;
}

/**
 * What goes to an ingester: replies as they are made, confirmations of entries in bulk, all in the
 * order in which they were given; only confirmations that are delayed are overtaken by replies.
 * Confirmations lie in a few buffers that are used again as soon as they were sent.
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

  /** By how many milliseconds confirmations leave later, see {@link ConfirmationDelay}. */
  set ackDelay(milliseconds: number) {
    this.#delay.milliseconds = milliseconds;
  }

  /** Whether over a mebibyte waits for the ingester to read it. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Whether confirmations wait for {@link flush}. */
  get pending(): boolean {
    return this.#length > 0;
  }

  /** Whether delayed confirmations have not left yet. */
  get isDelivering(): boolean {
    return !this.#delay.isEmpty;
  }

  /** Whether the ingester is throttled, and would take anything for the end of that (§11). */
  get isHeld(): boolean {
    return this.#delay.isHeld;
  }

  /** Whether there was something to confirm since this was asked last. */
  takeConfirmed(): boolean {
    const confirmed = this.#confirmed;
    this.#confirmed = false;
    return confirmed;
  }

  /** Whether something was sent since this was asked last. */
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

  /**
   * Sends a THROTTLE. Confirmations are held back for as long, for the first one would end it (§11).
   */
  throttle(nanoseconds: number): void {
    this.reply(encodeThrottle(nanoseconds));
    this.#delay.hold(Math.min(nanoseconds, MAX_THROTTLE_NANOSECONDS) / 1e6);
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

  /** Everything after this is one snappy framing-format stream (§9). */
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
    // Nothing can be said on a connection that is being ended.
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
    // The words stay: only ids are written later.
    for (let at = 0; at < BUFFER_BYTES; at += CONFIRM_ENTRY_BYTES) {
      this.view.setUint32(at, Command.confirmEntry, true);
    }
  }
}
