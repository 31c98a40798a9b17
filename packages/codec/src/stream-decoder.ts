import { ByteQueue } from './byte-queue.js';
import { LimitError } from './errors.js';
import {
  type Compression,
  decodeStreamConfiguration,
  streamConfigurationSize,
} from './negotiation.js';

/** A decoded stream configuration, by which the two sides agree on a compression (§3). */
export interface StreamConfigurationMessage {
  readonly kind: 'streamConfiguration';
  readonly compression: Compression;
}

/**
 * Decodes a stream of messages: bytes are pushed as they arrive, and whole messages are read. After an
 * error the decoder cannot be used any more.
 */
export abstract class StreamDecoder<Message> {
  protected readonly queue = new ByteQueue();
  #configurationIsNext = false;

  /** The memory of the decoder, in bytes: at most about twice {@link unreadBytes}. */
  get heldBytes(): number {
    return this.queue.capacity;
  }

  /** How many bytes have arrived and were not read yet. */
  get unreadBytes(): number {
    return this.queue.length;
  }

  /** Adds bytes that arrived. They are copied, so the chunk may be reused at once. */
  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  /**
   * Returns the next whole message, or `undefined` if its end has not arrived.
   *
   * @throws {DecodeError} if the bytes do not follow the protocol, as soon as that is certain.
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

  /** Expects a stream configuration as the next message, because it has no command word (§3). */
  expectStreamConfiguration(): void {
    this.#configurationIsNext = true;
  }

  /**
   * Removes all unread bytes and returns a copy of them. Use it when the stream becomes compressed, or
   * when another reader takes over.
   */
  rest(): Buffer {
    return Buffer.from(this.queue.take(this.queue.length));
  }

  protected abstract decodeNext(): Message | undefined;

  /**
   * Reads a whole message that begins with its length, a `u16` or `u32`; `undefined` if its end has
   * not arrived.
   */
  protected takePrefixed(prefix: 2 | 4, structure: string, limit: number): Buffer | undefined {
    const { queue } = this;
    if (queue.length < prefix) return undefined;
    const length = queue.peek(prefix).readUIntLE(0, prefix);
    if (length > limit) throw new LimitError(structure, length, limit);
    return queue.length < prefix + length ? undefined : queue.take(prefix + length);
  }
}
