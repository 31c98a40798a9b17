import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Compression, SnappyFramingEncoder } from '@ringest/codec';

/** Where the bytes of a hot connection leave: the socket, and in front of it a compressor if agreed. */
export class Outlet {
  /**
   * Whether what is written is read no more once `write` returns, provided that the outlet was not
   * full before. A plain socket reads it until the operating system has taken it.
   */
  readonly isRead: boolean;
  readonly #socket: Socket;
  readonly #packer: SnappyFramingEncoder | undefined;

  constructor(socket: Socket, compression: Compression) {
    this.#socket = socket;
    this.#packer = compression === Compression.snappy ? new SnappyFramingEncoder() : undefined;
    // What is encrypted or compressed is a copy.
    this.isRead = this.#packer !== undefined || socket instanceof TLSSocket;
  }

  /** Whether the operating system has not taken everything yet. */
  get isFull(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * Writes pieces as one.
   * @param done is called once the operating system has taken them all
   * @returns bytes handed to the socket
   */
  write(pieces: readonly Uint8Array[], done: () => void): number {
    const socket = this.#socket;
    const last = pieces.length - 1;
    let bytes = 0;
    if (last > 0) socket.cork();
    for (const [i, piece] of pieces.entries()) {
      const wire = this.#packer?.encode(piece) ?? piece;
      bytes += wire.length;
      if (i === last) socket.write(wire, done);
      else socket.write(wire);
    }
    if (last > 0) socket.uncork();
    return bytes;
  }
}
