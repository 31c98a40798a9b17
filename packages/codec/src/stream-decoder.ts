import { ByteQueue } from './byte-queue.js';
import { LimitError } from './errors.js';
import {
  type Compression,
  decodeStreamConfiguration,
  streamConfigurationSize,
} from './negotiation.js';

/** The answer of either side to the question of compression (§3). */
export interface StreamConfigurationMessage {
  readonly kind: 'streamConfiguration';
  readonly compression: Compression;
}

/**
 * What both directions have in common: bytes go in as they arrive, whole messages come out. After
 * an error the stream is lost: nothing more can be read from the decoder.
 */
export abstract class StreamDecoder<Message> {
  protected readonly queue = new ByteQueue();
  #configurationIsNext = false;

  /** Bytes of memory held: at most about twice the bytes that arrived and were not read yet. */
  get heldBytes(): number {
    return this.queue.capacity;
  }

  /** Bytes that have arrived and were not read yet. */
  get unreadBytes(): number {
    return this.queue.length;
  }

  /** Takes in bytes. They are copied: the chunk may be reused at once. */
  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  /**
   * The next whole message, or `undefined` if more bytes are needed for one.
   *
   * @throws {DecodeError} if the bytes are not the protocol, as soon as that can be told.
   */
  next(): Message | StreamConfigurationMessage | undefined {
    if (!this.#configurationIsNext) return this.decodeNext();
    const { queue } = this;
    const size = streamConfigurationSize(queue.peek(queue.length), 0, queue.length);
    if (size > queue.length) return undefined;
    this.#configurationIsNext = false;
    const compression = decodeStreamConfiguration(queue.take(size));
    return { kind: 'streamConfiguration', compression };
  }

  /** Makes the very next message the stream configuration: no command word precedes it (§3). */
  expectStreamConfiguration(): void {
    this.#configurationIsNext = true;
  }

  /**
   * Takes out all bytes that were not read yet, as a copy: for when the stream becomes compressed,
   * or another reader takes over.
   */
  rest(): Buffer {
    return Buffer.from(this.queue.take(this.queue.length));
  }

  protected abstract decodeNext(): Message | undefined;

  /** A message that is a `u16` or `u32` length and so many bytes, as a whole, once it is there. */
  protected takePrefixed(prefix: 2 | 4, structure: string, limit: number): Buffer | undefined {
    const { queue } = this;
    if (queue.length < prefix) return undefined;
    const length = queue.peek(prefix).readUIntLE(0, prefix);
    if (length > limit) throw new LimitError(structure, length, limit);
    return queue.length < prefix + length ? undefined : queue.take(prefix + length);
  }
}
