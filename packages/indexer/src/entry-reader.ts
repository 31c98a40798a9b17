import type { Duplex } from 'node:stream';
import {
  ByteQueue,
  Command,
  Compression,
  encodePong,
  encodeThrottle,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  frameSize,
  ingesterCommandSize,
  LENGTH_MASK,
  SnappyFramingDecoder,
  streamConfigurationSize,
} from '@ringest/codec';
import { type CommandHandler, CommandResponder } from './command-responder.js';
import { endStream } from './end-stream.js';
import { EntryView } from './entry-view.js';
import { ConnectionLostError, IngesterTimeoutError } from './errors.js';
import { ReplyWriter } from './reply-writer.js';

/** An indexer that has heard nothing for so long hangs up (§11). */
export const SILENCE_TIMEOUT_MS = 600_000;

/** How often is looked whether a PONG is due (§4). */
const PONG_INTERVAL_MS = 1000;

// As a signed word: an unsigned one above 2^31 is no small integer to the engine, and reading words
// so took 22 ns an entry instead of 14.
const NEW_ENTRY = Command.newEntry | 0;

/** What becomes of the things that an ingester sends. */
export interface EntryHandler extends CommandHandler {
  /**
   * Takes one entry. It is confirmed when this returns, and the view is void then. What it throws
   * ends the connection, with this entry unconfirmed.
   */
  onEntry(entry: EntryView): void;
}

/**
 * The indexer's half of a connection from the state HOT on (§4): reads entries and commands in any
 * chunking, answers, and confirms every entry in bulk, in the order they came.
 *
 * Chunks are read where they lie. Only a message that is cut in two by their boundary is copied,
 * and no more memory is taken for it than has arrived. Nothing is allocated per entry.
 *
 * The reference indexer skips unknown words four bytes at a time. Here they end the connection, as
 * all malformed bytes do: whoever has lost the stream could only store garbage, and what is not
 * confirmed is sent again on another connection.
 */
export class EntryReader {
  readonly #stream: Duplex;
  readonly #handler: EntryHandler;
  readonly #replies: ReplyWriter;
  readonly #responder: CommandResponder;
  readonly #entry = new EntryView();
  /** The beginning of a message whose end has not arrived. */
  readonly #partial = new ByteQueue();
  #unpacker: SnappyFramingDecoder | undefined;
  #flushScheduled = false;
  #silentIntervals = 0;
  #running = false;
  #stop: (error?: unknown) => void = () => {};

  /** @param stream an ingester's connection, paused after the handshake. */
  constructor(stream: Duplex, handler: EntryHandler) {
    this.#stream = stream;
    this.#handler = handler;
    this.#replies = new ReplyWriter(stream, () => {
      if (this.#running) stream.resume();
    });
    this.#responder = new CommandResponder(handler, this.#replies);
  }

  /**
   * Reads until the ingester ends the connection, or {@link stop} does; the stream is ended then.
   * However it ends, the entries that were taken are confirmed before.
   *
   * @param first bytes that arrived already, with the end of the handshake.
   * @throws {DecodeError} if the ingester sends anything but the protocol.
   * @throws {ConnectionLostError} if the ingester ends the connection in the middle of a message.
   * @throws {IngesterTimeoutError} after ten minutes of silence.
   * @throws the stream's own error, or whatever {@link EntryHandler.onEntry} throws.
   */
  async run(first?: Buffer): Promise<void> {
    const stream = this.#stream;
    const receive = (chunk: Buffer) => this.#receive(chunk);
    const interval = setInterval(() => this.#eachInterval(), PONG_INTERVAL_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#running = true;
        this.#stop = (error) => {
          this.#running = false;
          if (error === undefined) resolve();
          else reject(error);
        };
        stream.on('data', receive);
        stream.on('error', this.#stop);
        stream.on('end', () => this.#end());
        stream.on('close', () => this.#stop());
        if (first !== undefined) this.#receive(first);
        if (stream.destroyed) this.#stop();
        else if (!this.#replies.congested) stream.resume();
      });
    } finally {
      clearInterval(interval);
      stream.off('data', receive);
      if (!stream.destroyed) this.#replies.flush();
      endStream(stream);
    }
  }

  /** Bytes of memory held for a message that has not arrived whole: about twice what has arrived. */
  get heldBytes(): number {
    return this.#partial.capacity + (this.#unpacker?.heldBytes ?? 0);
  }

  /** Confirms what was taken and ends the connection. {@link run} returns. */
  stop(): void {
    this.#stop();
  }

  /** Tells the ingester to stop sending for a while: at most 5 s, says the protocol (§4). */
  throttle(nanoseconds: number): void {
    this.#replies.reply(encodeThrottle(nanoseconds));
  }

  #receive(chunk: Buffer): void {
    if (!this.#running) return;
    this.#silentIntervals = 0;
    try {
      const bytes = this.#unpacker?.decode(chunk) ?? chunk;
      const read = this.#read(bytes);
      // The stream became compressed in the middle of a chunk.
      if (read < bytes.length && this.#unpacker !== undefined) {
        this.#read(this.#unpacker.decode(bytes.subarray(read)));
      }
    } catch (error) {
      this.#stop(error);
      return;
    }
    if (this.#replies.pending && !this.#flushScheduled) {
      // One write for all that the event loop reads in this turn.
      this.#flushScheduled = true;
      setImmediate(() => this.#flush());
    }
    if (this.#replies.congested) this.#stream.pause();
  }

  #end(): void {
    const isWhole = this.#partial.length === 0 && this.#responder.dittoEntries === 0;
    this.#stop(isWhole ? undefined : new ConnectionLostError('a message'));
  }

  #flush(): void {
    this.#flushScheduled = false;
    if (this.#running) this.#replies.flush();
  }

  /** How many bytes were read: all, unless those after them are compressed. */
  #read(bytes: Buffer): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const partial = this.#partial;
    let offset = 0;
    for (;;) {
      let message: Buffer;
      if (partial.length > 0) {
        const size = this.#messageSize(partial.peek(partial.length), 0, partial.length);
        const missing = Math.min(size - partial.length, bytes.length - offset);
        if (missing > 0) {
          partial.push(bytes.subarray(offset, offset + missing));
          offset += missing;
          continue;
        }
        if (size > partial.length) return offset;
        message = partial.take(size);
      } else {
        offset = this.#readEntries(bytes, view, offset);
        const available = bytes.length - offset;
        const size = this.#messageSize(bytes, offset, available);
        if (size > available) {
          partial.push(bytes.subarray(offset));
          return bytes.length;
        }
        message = bytes.subarray(offset, offset + size);
        offset += size;
      }
      if (this.#responder.configurationIsNext) {
        if (this.#configure(message) === Compression.snappy) return offset;
      } else if (message.readUInt32LE(0) === Command.newEntry) {
        const ownView = new DataView(message.buffer, message.byteOffset, message.length);
        this.#readEntries(message, ownView, 0);
      } else {
        this.#responder.answer(message);
      }
    }
  }

  #messageSize(bytes: Buffer, offset: number, available: number): number {
    return this.#responder.configurationIsNext
      ? streamConfigurationSize(bytes, offset, available)
      : ingesterCommandSize(bytes, offset, available);
  }

  /** Reads whole entries as long as there are nothing but entries; returns where they end. */
  #readEntries(bytes: Buffer, view: DataView, start: number): number {
    if (this.#responder.configurationIsNext) return start;
    const handler = this.#handler;
    const responder = this.#responder;
    const replies = this.#replies;
    const entry = this.#entry;
    const end = bytes.length;
    let offset = start;
    entry.setBytes(bytes, view);
    while (end - offset >= FRAME_BYTES && view.getInt32(offset, true) === NEW_ENTRY) {
      const lengthAndFlags = view.getInt32(offset + FRAME_LENGTH_OFFSET, true);
      const dataLength = lengthAndFlags & LENGTH_MASK;
      const hasValues = (lengthAndFlags & FLAG_VALUES) !== 0;
      const size = hasValues ? frameSize(bytes, offset, end - offset) : FRAME_BYTES + dataLength;
      if (size > end - offset) break;
      entry.moveTo(offset, dataLength, size - FRAME_BYTES - dataLength);
      // Values are decoded whether anybody wants them or not: malformed ones must not be confirmed.
      if (hasValues) void entry.enumeratedValues;
      handler.onEntry(entry);
      if (responder.dittoEntries === 0) {
        const id = offset + FRAME_ID_OFFSET;
        replies.confirm(view.getInt32(id, true), view.getInt32(id + 4, true));
      } else {
        responder.countDittoEntry();
      }
      offset += size;
    }
    return offset;
  }

  #configure(message: Buffer): Compression {
    const compression = this.#responder.configure(message);
    if (compression === Compression.snappy) {
      this.#unpacker = new SnappyFramingDecoder();
      this.#replies.compress();
    }
    return compression;
  }

  #eachInterval(): void {
    this.#silentIntervals++;
    if (this.#silentIntervals * PONG_INTERVAL_MS >= SILENCE_TIMEOUT_MS) {
      this.#stop(new IngesterTimeoutError('said nothing', SILENCE_TIMEOUT_MS));
      return;
    }
    // An ingester that has asked for a stream configuration takes the next bytes for it.
    const replies = this.#replies;
    if (replies.takeWrote() || this.#responder.configurationIsNext) return;
    replies.reply(encodePong());
    replies.takeWrote();
  }
}
