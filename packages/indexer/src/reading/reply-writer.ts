import type { Duplex } from 'node:stream';
import {
  CONFIRM_ENTRY_BYTES,
  encodeConfirmDittoBlock,
  encodeThrottle,
  MAX_THROTTLE_NANOSECONDS,
  SnappyFramingEncoder,
} from '@ringest/codec';
import { ConfirmationDelay } from '../behaviour/confirmation-delay.js';
import { DittoRefusedError } from '../errors.js';
import { BUFFER_BYTES, ConfirmationBuffer } from './confirmation-buffer.js';
import { PendingConfirmations } from './pending-confirmations.js';

/** The most bytes of replies that wait for the ingester to read them. Then reading its entries pauses. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** The memory of a write besides its bytes, roughly. */
const WRITE_OVERHEAD_BYTES = 256;

/** What confirmations cost that wait for a promise, roughly: with it, and whatever it holds. */
const PENDING_COST = 4 * 1024;

/** The result in the confirmation of a ditto block that is stored (§4). */
const DITTO_STORED = 0;

/** The events of a {@link ReplyWriter}. */
export interface ReplyEvents {
  /** The ingester has read its replies after {@link ReplyWriter.congested}. */
  drained(): void;
  /** The last delayed confirmation was sent. */
  delivered(): void;
  /**
   * Confirmations are about to be sent. They are once the promise is fulfilled. If this throws, they are
   * not, and never will be.
   */
  beforeConfirm(): void | Promise<void>;
  /** A ditto block is about to be confirmed. @throws {DittoRefusedError} to refuse it */
  dittoBlock(entries: number): void | Promise<void>;
  /** A promise was rejected: what it was about is not confirmed, and nothing after it. */
  failed(error: unknown): void;
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
  readonly #pending: PendingConfirmations;
  readonly #free: ConfirmationBuffer[] = [];
  #buffer = new ConfirmationBuffer();
  #view = this.#buffer.view;
  #length = 0;
  #packer: SnappyFramingEncoder | undefined;
  #unsentBytes = 0;
  #congested = false;
  /** Resolves once all entries whose confirmations were added are taken; `undefined`: they are. */
  #taken: Promise<unknown> | undefined;
  /** What the last call waits for that an entry has put off: later ones come after it. `undefined`: none is put off. */
  #turn: Promise<unknown> | undefined;
  /** Entries that are not taken. */
  #untaken = 0;
  #wrote = false;
  #confirmed = false;

  constructor(stream: Duplex, events: ReplyEvents) {
    this.#stream = stream;
    this.#events = events;
    const delivered = () => {
      if (!this.isDelivering) events.delivered();
    };
    this.#delay = new ConfirmationDelay((confirmations) => this.#pack(confirmations), delivered);
    this.#pending = new PendingConfirmations({
      ready: (confirmations) => {
        this.#paid(PENDING_COST);
        this.#leave(confirmations);
        delivered();
      },
      failed: (error) => events.failed(error),
    });
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

  /** Whether confirmations have not left yet that are delayed, or wait for a promise. */
  get isDelivering(): boolean {
    return !this.#delay.isEmpty || !this.#pending.isEmpty;
  }

  /** Whether the handler has not taken an entry yet: no more should be read. */
  get isTaking(): boolean {
    return this.#untaken > 0;
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

  /** How many confirmations can be added before the next {@link flush}: one or more. */
  get room(): number {
    return (BUFFER_BYTES - this.#length) / CONFIRM_ENTRY_BYTES;
  }

  /** Adds the confirmation of the entry with this id, a `u64` in two words, signed or not. There must be room. */
  confirm(idLow: number, idHigh: number): void {
    const at = this.#length;
    this.#view.setInt32(at + 4, idLow, true);
    this.#view.setInt32(at + 8, idHigh, true);
    this.#length = at + CONFIRM_ENTRY_BYTES;
  }

  /** Removes the confirmations that were added last, so many since the last {@link flush}. */
  takeBack(confirmations: number): void {
    this.#length -= confirmations * CONFIRM_ENTRY_BYTES;
  }

  /** Makes room for more confirmations. @throws as {@link flush} */
  makeRoom(): void {
    if (this.#length === BUFFER_BYTES) this.flush();
  }

  /** The next confirmation that is added waits until an entry is taken, and so do all after it. */
  waitFor(taken: Promise<void>): void {
    if (promiseIn(taken) === undefined) return;
    this.#untaken++;
    taken.then(
      () => {
        this.#untaken--;
        if (this.#untaken === 0) this.#events.drained();
      },
      (error) => this.#events.failed(error),
    );
    this.#taken = this.#taken === undefined ? taken : Promise.all([this.#taken, taken]);
    // It may be rejected before somebody waits for it. That it is, was reported above.
    this.#taken.catch(() => {});
  }

  /**
   * Sends the confirmations that were added, unless they are delayed or wait for a promise.
   *
   * @throws whatever {@link ReplyEvents.beforeConfirm} throws.
   */
  flush(): void {
    if (this.#length === 0) return;
    const buffer = this.#buffer;
    const bytes = buffer.bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#confirmed = true;
    const ready = this.#afterTaken(() => this.#events.beforeConfirm());
    if (ready !== undefined || !this.#pending.isEmpty) {
      const copy = Buffer.from(bytes);
      this.#push(Promise.resolve(ready).then(() => copy));
      return;
    }
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
  confirmDittoBlock(entries: number): void {
    this.flush();
    this.#confirmed = true;
    const refuse = (error: unknown) => {
      if (!(error instanceof DittoRefusedError)) throw error;
      return encodeConfirmDittoBlock(error.result);
    };
    let confirmation = encodeConfirmDittoBlock(DITTO_STORED);
    let ready: Promise<unknown> | undefined;
    try {
      const decided = this.#afterTaken(() => this.#events.dittoBlock(entries));
      const store = () => promiseIn(this.#events.beforeConfirm());
      ready = decided === undefined ? store() : decided.then(store);
    } catch (error) {
      confirmation = refuse(error);
    }
    if (ready !== undefined) this.#push(ready.then(() => confirmation, refuse));
    else if (this.#pending.isEmpty) this.#leave(confirmation);
    else this.#push(Promise.resolve(confirmation));
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

  /** Confirms what was added. Resolves once nothing waits for a promise any more. */
  async settled(): Promise<void> {
    this.flush();
    await this.#pending.settled();
  }

  /** Sends what can still be sent on a connection that is being ended. What waits for a promise cannot. */
  finish(): void {
    this.#pending.close();
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

  /** Calls a function at once, or when all entries are taken that were not; always in the order of these calls. */
  #afterTaken(action: () => void | Promise<void>): Promise<unknown> | undefined {
    const before = this.#turn;
    const taken = this.#taken ?? before;
    this.#taken = undefined;
    if (taken === undefined) return promiseIn(action());
    const turn = before === undefined ? taken : Promise.all([before, taken]);
    this.#turn = turn;
    const called = turn.then(action);
    const over = () => {
      if (this.#turn === turn) this.#turn = undefined;
    };
    turn.then(over, over);
    return called;
  }

  /** Lets confirmations leave after those that wait. */
  #push(confirmations: Promise<Buffer>): void {
    this.#owe(PENDING_COST);
    this.#pending.push(confirmations);
  }

  #leave(confirmations: Buffer): void {
    if (this.#delay.isInForce) this.#delay.push(confirmations);
    else this.#pack(confirmations);
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
    this.#owe(cost);
    this.#stream.write(bytes, () => {
      sent?.();
      this.#paid(cost);
    });
  }

  /** Counts memory of what is on its way to the ingester. */
  #owe(cost: number): void {
    this.#unsentBytes += cost;
    this.#congested ||= this.#unsentBytes > MAX_UNSENT_BYTES;
  }

  #paid(cost: number): void {
    this.#unsentBytes -= cost;
    if (!this.#congested || this.#unsentBytes > MAX_UNSENT_BYTES / 2) return;
    this.#congested = false;
    this.#events.drained();
  }
}

/** What a handler has returned, if it is a promise: one without types may return anything. */
function promiseIn(returned: unknown): Promise<unknown> | undefined {
  const { then } = (returned ?? {}) as { readonly then?: unknown };
  return typeof then === 'function' ? (returned as Promise<unknown>) : undefined;
}
