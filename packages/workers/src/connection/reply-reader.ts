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

/** What handles the replies of an indexer. */
export interface ReplyHandler {
  /** Whether the connection has ended: then no more is read. */
  readonly isEnded: boolean;
  /** The oldest id that is not confirmed. */
  readonly nextToConfirm: number;
  /** Handles the confirmation of this many entries, from `nextToConfirm` on. */
  confirm(count: number): void;
  /** Handles any other command, or a confirmation out of order. */
  handle(message: IndexerMessage | undefined): void;
}

/**
 * Reads the replies of an indexer on a hot connection, in place in the receive area. The kernel counts
 * runs of confirmations; other commands are read one by one. A compressed stream is unpacked chunk by
 * chunk to the same place.
 */
export class ReplyReader {
  readonly #ring: Ring;
  readonly #decoder: IndexerStreamDecoder;
  readonly #handler: ReplyHandler;
  readonly #unpacker: SnappyFramingDecoder | undefined;
  /** Bytes of an incomplete command, right before the receive area. */
  #carried = 0;

  /** @param decoder the one that has read the handshake */
  constructor(
    ring: Ring,
    decoder: IndexerStreamDecoder,
    compression: Compression,
    handler: ReplyHandler,
  ) {
    this.#unpacker = compression === Compression.snappy ? new SnappyFramingDecoder() : undefined;
    this.#ring = ring;
    this.#decoder = decoder;
    this.#handler = handler;
  }

  /**
   * Moves the bytes that the handshake has not read into the receive area.
   * @returns how many there are
   * @throws {ConnectionLoss} more than fit there
   */
  begin(): number {
    const rest = this.#decoder.rest();
    if (rest.length > RECEIVE_BYTES) {
      throw new ConnectionLoss(
        'protocol',
        'the indexer says too much before anything is sent to it',
      );
    }
    this.#ring.bytes.set(rest, RECEIVE_AT);
    return rest.length;
  }

  /**
   * Reads bytes that have come into the receive area.
   * @param received how many
   * @throws {DecodeError} they break the protocol
   */
  read(received: number): void {
    if (this.#unpacker === undefined) {
      this.#readPlain(received);
      return;
    }
    const { bytes } = this.#ring;
    // The unpacker copies its input, so the receive area is free for its output.
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
      handler.handle(this.#decoder.next());
      at += size;
    }
    // Bytes after an error are not read, and may be more than the headroom takes.
    if (handler.isEnded) return;
    // An incomplete command waits for the next bytes.
    this.#carried = end - at;
    bytes.copyWithin(RECEIVE_AT - this.#carried, at, end);
  }
}
