import type { Duplex } from 'node:stream';
import { CONFIRM_ENTRY_BYTES, Command, SnappyFramingEncoder } from '@ringest/codec';

/** The most confirmations of one write: 64 KiB of them. */
const CONFIRMATIONS_PER_WRITE = 5461;

const BUFFER_BYTES = CONFIRMATIONS_PER_WRITE * CONFIRM_ENTRY_BYTES;

/** When so much memory is under way to an ingester, it does not read its replies. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** What a write costs besides its bytes, roughly. */
const WRITE_OVERHEAD_BYTES = 256;

/**
 * What goes to an ingester: replies as they are made, confirmations of entries in bulk, all in the
 * order in which they were given. Confirmations lie in a few buffers that are used again as soon as
 * they were sent.
 */
export class ReplyWriter {
  readonly #stream: Duplex;
  readonly #drained: () => void;
  readonly #free: ConfirmationBuffer[] = [];
  #buffer = new ConfirmationBuffer();
  #view = this.#buffer.view;
  #length = 0;
  #packer: SnappyFramingEncoder | undefined;
  #unsentBytes = 0;
  #congested = false;
  #wrote = false;

  /** @param drained called when the ingester has read its replies after {@link congested}. */
  constructor(stream: Duplex, drained: () => void) {
    this.#stream = stream;
    this.#drained = drained;
  }

  /** Whether over a mebibyte waits for the ingester to read it. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Whether confirmations wait for {@link flush}. */
  get pending(): boolean {
    return this.#length > 0;
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

  /** Sends the confirmations that were added. */
  flush(): void {
    if (this.#length === 0) return;
    const buffer = this.#buffer;
    const bytes = buffer.bytes.subarray(0, this.#length);
    this.#length = 0;
    if (this.#packer !== undefined) {
      this.#send(this.#packer.encode(bytes));
      return;
    }
    this.#buffer = this.#free.pop() ?? new ConfirmationBuffer();
    this.#view = this.#buffer.view;
    this.#write(bytes, BUFFER_BYTES, () => this.#free.push(buffer));
  }

  /** Sends a message, after the confirmations that were added before. */
  reply(message: Buffer): void {
    this.flush();
    this.#send(this.#packer?.encode(message) ?? message);
  }

  /** Everything after this is one snappy framing-format stream (§9). */
  compress(): void {
    this.flush();
    this.#packer = new SnappyFramingEncoder();
  }

  #send(bytes: Buffer): void {
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
      this.#drained();
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
