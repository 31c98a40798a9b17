import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Compression, SnappyFramingEncoder } from '@ringest/codec';

/** Bytes that are compressed or encrypted at once: both make a copy, and take the thread for so long. */
const SLICE_BYTES = 1048576;

/** The rest of a long piece, and what stands behind it. */
interface Waiting {
  readonly piece: Uint8Array;
  readonly done: (() => void) | undefined;
}

/**
 * Where the bytes of a hot connection leave: the socket, and in front of it a compressor if agreed. What
 * is written may be read until `done` is called.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #packer: SnappyFramingEncoder | undefined;
  /** Whether the socket works with copies. */
  readonly #copies: boolean;
  readonly #spent: (bytes: number) => void;
  /** While a long piece is on its way, everything later waits behind it. */
  readonly #waiting: Waiting[] = [];
  #isProceeding = false;

  /** @param spent is told how many bytes the socket has got, after compression */
  constructor(socket: Socket, compression: Compression, spent: (bytes: number) => void) {
    this.#socket = socket;
    this.#packer = compression === Compression.snappy ? new SnappyFramingEncoder() : undefined;
    this.#copies = this.#packer !== undefined || socket instanceof TLSSocket;
    this.#spent = spent;
  }

  /** Whether the operating system has not taken everything yet. */
  get isFull(): boolean {
    return this.#waiting.length > 0 || this.#socket.writableLength > 0;
  }

  /**
   * Writes pieces as one.
   * @param done is called once the operating system has taken them all, or a copy of them
   */
  write(pieces: readonly Uint8Array[], done: () => void): void {
    const last = pieces.length - 1;
    for (const [i, piece] of pieces.entries()) this.#add(piece, i === last ? done : undefined);
  }

  #add(piece: Uint8Array, done: (() => void) | undefined): void {
    const isLong = this.#copies && piece.length > SLICE_BYTES;
    if (this.#waiting.length > 0 || isLong) this.#waiting.push({ piece, done });
    else this.#hand(piece, done);
    if (!this.#isProceeding) this.#proceed();
  }

  /** Hands over the next slice, and the next one when that is taken. */
  readonly #proceed = (): void => {
    const next = this.#waiting.shift();
    this.#isProceeding = next !== undefined;
    if (next === undefined || !this.#socket.writable) return;
    const { piece, done } = next;
    if (piece.length <= SLICE_BYTES) {
      this.#hand(piece, () => {
        done?.();
        this.#proceed();
      });
      return;
    }
    this.#waiting.unshift({ piece: piece.subarray(SLICE_BYTES), done });
    this.#hand(piece.subarray(0, SLICE_BYTES), this.#proceed);
  };

  #hand(piece: Uint8Array, done: (() => void) | undefined): void {
    const parts = this.#packer?.encodeParts(piece) ?? [piece];
    const last = parts.length - 1;
    // All of them in one call of the operating system.
    if (last > 0) this.#socket.cork();
    for (const [i, part] of parts.entries()) {
      this.#spent(part.length);
      if (i === last && done !== undefined) this.#socket.write(part, done);
      else this.#socket.write(part);
    }
    if (last > 0) this.#socket.uncork();
  }
}
