import type { HeldBytes } from './held-bytes.js';

/** The most bytes that a stream takes at once. */
export const CHUNK_BYTES = 64 * 1024;

interface Waiter {
  readonly stream: HeldStream;
  readonly bytes: number;
  readonly answer: (isTaken: boolean) => void;
}

/**
 * Room for what streams hold: bytes that are being written, and the beginnings of records whose ends have not
 * come. Streams that find none wait in their order.
 *
 * It cannot lock up. What is being written becomes free by itself. Beginnings of records do not: whoever holds
 * one may wait for room itself. So they get half of the room while others wait, and a stream with the longest
 * one is cut until they do. The other half has room for at least one chunk.
 */
export class StreamRoom {
  readonly #held: HeldBytes;
  readonly #streams = new Set<HeldStream>();
  readonly #waiting: Waiter[] = [];
  #unfinished = 0;
  /** Streams that were cut. */
  cut = 0;

  constructor(held: HeldBytes) {
    this.#held = held;
  }

  /** @param end ends the sender: it is cut. Nothing more is taken of it then */
  open(end: () => void): HeldStream {
    const stream = new HeldStream(this, end);
    this.#streams.add(stream);
    return stream;
  }

  /** See `HeldStream.take`. */
  take(stream: HeldStream, bytes: number): boolean | Promise<boolean> {
    if (stream.isCut) return false;
    if (this.#waiting.length === 0 && this.#held.take(bytes)) return true;
    return new Promise((answer) => {
      this.#waiting.push({ stream, bytes, answer });
      this.#letGoOn();
    });
  }

  /** Gives back what a stream holds no longer, and keeps how much of it is unfinished. */
  give(bytes: number, moreUnfinished: number): void {
    this.#held.give(bytes);
    this.#unfinished += moreUnfinished;
    this.#letGoOn();
  }

  close(stream: HeldStream): void {
    if (!this.#streams.delete(stream)) return;
    this.give(stream.bytes, stream.isCut ? 0 : -stream.unfinished);
  }

  #letGoOn(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#held.take(first.bytes)) break;
      this.#waiting.shift();
      first.answer(true);
    }
    const most = this.#held.limit / 2;
    while (this.#waiting.length > 0 && this.#unfinished > most && this.#cutLongest());
  }

  /** Whether there was one to cut. */
  #cutLongest(): boolean {
    let longest: HeldStream | undefined;
    for (const stream of this.#streams) {
      if (!stream.isCut && stream.unfinished > (longest?.unfinished ?? 0)) longest = stream;
    }
    if (longest === undefined) return false;
    this.cut++;
    // What it holds is free once it is closed.
    this.#unfinished -= longest.unfinished;
    longest.cut();
    const at = this.#waiting.findIndex(({ stream }) => stream === longest);
    if (at !== -1) this.#waiting.splice(at, 1)[0]?.answer(false);
    return true;
  }
}

/** What one stream holds. */
export class HeldStream {
  readonly #room: StreamRoom;
  readonly #end: () => void;
  #writing = 0;
  #unfinished = 0;
  #isCut = false;

  constructor(room: StreamRoom, end: () => void) {
    this.#room = room;
    this.#end = end;
  }

  get bytes(): number {
    return this.#writing + this.#unfinished;
  }

  /** Bytes of the record whose end has not come. */
  get unfinished(): number {
    return this.#unfinished;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /**
   * Waits until a chunk has room.
   * @param bytes at most `CHUNK_BYTES`
   * @returns whether it may be written; `false`: the stream was cut
   */
  async take(bytes: number): Promise<boolean> {
    if (!(await this.#room.take(this, bytes))) return false;
    this.#writing += bytes;
    return true;
  }

  /** The chunk is written, and so many bytes of the stream are of a record whose end has not come. */
  written(unfinished: number): void {
    const [before, more] = [this.bytes, unfinished - this.#unfinished];
    this.#writing = 0;
    this.#unfinished = unfinished;
    // A stream that is cut counts as finished already.
    this.#room.give(before - unfinished, this.#isCut ? 0 : more);
  }

  /** Gives back all that it holds. */
  close(): void {
    this.#room.close(this);
  }

  cut(): void {
    this.#isCut = true;
    this.#end();
  }
}
