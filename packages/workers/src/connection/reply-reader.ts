import {
  CONFIRM_ENTRY_BYTES,
  Compression,
  type IndexerMessage,
  type IndexerStreamDecoder,
  indexerCommandSize,
  SnappyFramingDecoder,
  WORD_BYTES,
} from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import { RECEIVE_AT, RECEIVE_BYTES } from '../ring/memory-layout.js';
import type { Ring } from '../ring/ring.js';

/** What becomes of the things that an indexer says. */
export interface InputHandler {
  /** The connection is of no use any more: nothing is read on. */
  readonly isEnded: boolean;
  /** The oldest id that is not confirmed. */
  readonly nextToConfirm: number;
  /** The next so many entries are confirmed. */
  confirm(count: number): void;
  obey(message: IndexerMessage | undefined): void;
}

/**
 * Reads what an indexer says on a hot connection, where it lies in the receive area: runs of
 * confirmations are counted by the kernel, other commands are read one by one. A compressed stream
 * is unpacked chunk by chunk to the same place.
 */
export class ReplyReader {
  readonly #ring: Ring;
  readonly #decoder: IndexerStreamDecoder;
  readonly #handler: InputHandler;
  readonly #unpacker: SnappyFramingDecoder | undefined;
  /** Bytes of a begun command, right before the receive area. */
  #carried = 0;

  /** @param decoder the one that has read the handshake */
  constructor(
    ring: Ring,
    decoder: IndexerStreamDecoder,
    compression: Compression,
    handler: InputHandler,
  ) {
    this.#unpacker = compression === Compression.snappy ? new SnappyFramingDecoder() : undefined;
    this.#ring = ring;
    this.#decoder = decoder;
    this.#handler = handler;
  }

  /**
   * Moves what the handshake has not read into the receive area. Returns its bytes.
   * @throws {ConnectionLoss} it is more than fits there
   */
  begin(): number {
    const begun = this.#decoder.rest();
    if (begun.length > RECEIVE_BYTES) {
      throw new ConnectionLoss(
        'protocol',
        'the indexer says too much before anything is sent to it',
      );
    }
    this.#ring.bytes.set(begun, RECEIVE_AT);
    return begun.length;
  }

  /**
   * Reads so many bytes that have come into the receive area.
   * @throws {DecodeError} against the protocol
   */
  read(received: number): void {
    if (this.#unpacker === undefined) {
      this.#readPlain(received);
      return;
    }
    const { bytes } = this.#ring;
    // The unpacker copies what it is given: its place is free for what it makes of it.
    this.#unpacker.decode(bytes.subarray(RECEIVE_AT, RECEIVE_AT + received), (plain) => {
      bytes.set(plain, RECEIVE_AT);
      this.#readPlain(plain.length);
    });
  }

  #readPlain(received: number): void {
    const { kernel, bytes, view } = this.#ring;
    const handler = this.#handler;
    const end = RECEIVE_AT + received;
    let at = RECEIVE_AT - this.#carried;
    while (!handler.isEnded) {
      const confirmed = kernel.countConfirmations(at, end, handler.nextToConfirm);
      if (confirmed > 0) handler.confirm(confirmed);
      at += confirmed * CONFIRM_ENTRY_BYTES;
      if (at + WORD_BYTES > end) break;
      const size = indexerCommandSize(view.getUint32(at, true));
      if (at + size > end) break;
      this.#decoder.push(bytes.subarray(at, at + size));
      handler.obey(this.#decoder.next());
      at += size;
    }
    // Bytes behind an error are void, and may be more than there is headroom for.
    if (handler.isEnded) return;
    // A begun command is kept for the next bytes.
    this.#carried = end - at;
    bytes.copyWithin(RECEIVE_AT - this.#carried, at, end);
  }
}
