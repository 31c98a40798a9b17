import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Compression, SnappyFramingEncoder } from '@ringest/codec';

/** Bytes that are compressed or encrypted at once. Both make a copy, and occupy the thread. */
const SLICE_BYTES = 1048576;

/** A piece, or the rest of a long one, that waits for the socket. */
interface WaitingPiece {
  readonly piece: Uint8Array;
  readonly onFlushed: (() => void) | undefined;
}

/**
 * Writes the bytes of a hot connection to the socket, through a compressor if compression was agreed.
 * Written bytes must not change until `onFlushed` is called.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #packer: SnappyFramingEncoder | undefined;
  /** Whether the socket gets copies of the pieces. */
  readonly #copies: boolean;
  readonly #onBytes: (bytes: number) => void;
  /** While a long piece is being written, all later pieces wait behind it. */
  readonly #waiting: WaitingPiece[] = [];
  #isProceeding = false;

  /** @param onBytes called with the number of bytes that go to the socket, after compression */
  constructor(socket: Socket, compression: Compression, onBytes: (bytes: number) => void) {
    this.#socket = socket;
    this.#packer = compression === Compression.snappy ? new SnappyFramingEncoder() : undefined;
    this.#copies = this.#packer !== undefined || socket instanceof TLSSocket;
    this.#onBytes = onBytes;
  }

  /** Whether bytes wait that the operating system has not taken yet. */
  get isFull(): boolean {
    return this.#waiting.length > 0 || this.#socket.writableLength > 0;
  }

  /**
   * Writes pieces as one.
   * @param onFlushed called when the operating system has taken all pieces, or a copy of them
   */
  write(pieces: readonly Uint8Array[], onFlushed: () => void): void {
    const last = pieces.length - 1;
    for (const [i, piece] of pieces.entries()) this.#add(piece, i === last ? onFlushed : undefined);
  }

  #add(piece: Uint8Array, onFlushed: (() => void) | undefined): void {
    const isLong = this.#copies && piece.length > SLICE_BYTES;
    if (this.#waiting.length > 0 || isLong) this.#waiting.push({ piece, onFlushed });
    else this.#writeNow(piece, onFlushed);
    if (!this.#isProceeding) this.#proceed();
  }

  /** Writes the next slice, and the one after it once that is flushed. */
  readonly #proceed = (): void => {
    const next = this.#waiting.shift();
    this.#isProceeding = next !== undefined;
    if (next === undefined || !this.#socket.writable) return;
    const { piece, onFlushed } = next;
    if (piece.length <= SLICE_BYTES) {
      this.#writeNow(piece, () => {
        onFlushed?.();
        this.#proceed();
      });
      return;
    }
    this.#waiting.unshift({ piece: piece.subarray(SLICE_BYTES), onFlushed });
    this.#writeNow(piece.subarray(0, SLICE_BYTES), this.#proceed);
  };

  #writeNow(piece: Uint8Array, onFlushed: (() => void) | undefined): void {
    const parts = this.#packer?.encodeParts(piece) ?? [piece];
    const last = parts.length - 1;
    // One system call for all parts.
    if (last > 0) this.#socket.cork();
    for (const [i, part] of parts.entries()) {
      this.#onBytes(part.length);
      if (i === last && onFlushed !== undefined) this.#socket.write(part, onFlushed);
      else this.#socket.write(part);
    }
    if (last > 0) this.#socket.uncork();
  }
}
