import {
  ByteQueue,
  Command,
  Compression,
  checkEnumeratedBlock,
  DecodeError,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  frameSize,
  ingesterCommandSize,
  LENGTH_MASK,
  LimitError,
  MinimumVersion,
  SnappyFramingDecoder,
  streamConfigurationSize,
} from '@ringest/codec';
import { type CommandHandler, CommandResponder } from './command-responder.js';
import { EntryView } from './entry-view.js';
import type { ReplyWriter } from './reply-writer.js';

// A signed word: V8 does not keep an unsigned number above 2^31 as a small integer, and comparing unsigned
// words took 22 ns per entry instead of 14.
const NEW_ENTRY = Command.newEntry | 0;

/** Entries that were passed on, and lie back to back as frames (§4). */
export interface EntryRun {
  /** The frames. The handler may change them. */
  readonly frames: Buffer;
  /** How many there are. */
  readonly entries: number;
  /** Whether they belong to a ditto block (§10). */
  readonly isDitto: boolean;
  /** Whether the last of them is the last of its ditto block. */
  readonly isDittoEnd: boolean;
}

/** Handles what an ingester sends. */
export interface EntryHandler extends CommandHandler {
  /**
   * Called with each entry. The view is valid until this returns, and then the entry is confirmed. If
   * this returns a promise, the entry is confirmed once that is fulfilled, and until then no more is read
   * from the connection: only what has arrived already is still passed on. If this throws or the promise
   * is rejected, the connection ends and the entry is not confirmed.
   */
  onEntry(entry: EntryView): void | Promise<void>;

  /**
   * Called after entries that lay back to back in the same bytes were passed on, and before the bytes are
   * used again. A program that copies entries can copy them here at once. If this returns a promise, no
   * more is read from the connection until it is fulfilled, and none of these entries is confirmed before. If it
   * throws, the connection ends. The entries of a ditto block are in runs of their own.
   *
   * @param run valid until this returns, as the views of its entries are.
   */
  onRunEnd?(run: EntryRun): void | Promise<void>;

  /**
   * Called with the number of its entries when a whole ditto block (§10) was passed on, and before it
   * is confirmed; if this returns a promise, once that is fulfilled. Default: the block is stored.
   *
   * @throws {DittoRefusedError} to refuse the block, also as the reason of a rejected promise. After any
   * other error the connection ends.
   */
  onDittoBlock?(entries: number): void | Promise<void>;

  /**
   * Called before the entries read so far are confirmed, many at once. If this returns a promise, they are
   * confirmed once that is fulfilled. Meanwhile more is read: many promises may be pending, and
   * confirmations leave in order. If it throws or a promise is rejected, the connection ends and what is
   * not confirmed yet never is.
   */
  beforeConfirm?(): void | Promise<void>;
}

/** What a reader takes from an ingester. */
export interface ReaderLimits {
  /** The API version of the indexer, 0 to 9. Anything newer counts as malformed. */
  readonly apiVersion: number;
  /** The most bytes of data in an entry. Enumerated values have the limit of §6. */
  readonly maxEntryBytes: number;
}

/**
 * Reads what one hot ingester sends (§4), in chunks of any size: it passes on entries, adds their
 * confirmations, and has commands answered.
 *
 * Chunks are read where they lie. Only a message that is cut in two by their boundary is copied,
 * and no more memory is taken for it than has arrived. Nothing is allocated per entry.
 */
export class MessageReader {
  readonly #handler: EntryHandler;
  readonly #replies: ReplyWriter;
  readonly #responder: CommandResponder;
  readonly #takesValues: boolean;
  readonly #maxEntryBytes: number;
  readonly #entry = new EntryView();
  /** The beginning of a message whose end has not arrived. */
  readonly #partial = new ByteQueue();
  #unpacker: SnappyFramingDecoder | undefined;
  /** Where the entries of the present run end that were passed on, and how many they are. */
  #runEnd = 0;
  #runEntries = 0;

  constructor(handler: EntryHandler, replies: ReplyWriter, limits: ReaderLimits) {
    const { apiVersion, maxEntryBytes } = limits;
    this.#handler = handler;
    this.#replies = replies;
    this.#responder = new CommandResponder(handler, replies, apiVersion);
    this.#takesValues = apiVersion >= MinimumVersion.enumeratedValues;
    this.#maxEntryBytes = maxEntryBytes;
  }

  /** The memory for an incomplete message, in bytes: at most about twice what has arrived. */
  get heldBytes(): number {
    return this.#partial.capacity + (this.#unpacker?.heldBytes ?? 0);
  }

  /** Whether the ingester is in the middle of a message, of a ditto block or of a compressed chunk. */
  get isInMessage(): boolean {
    const isInPlain = this.#partial.length > 0 || this.#responder.dittoEntries > 0;
    return isInPlain || this.#unpacker?.isInChunk === true;
  }

  /** Whether the ingester reads the next bytes as a stream configuration. */
  get configurationIsNext(): boolean {
    return this.#responder.configurationIsNext;
  }

  /**
   * Reads what has arrived.
   *
   * @throws {DecodeError} if it is not the protocol.
   * @throws {LimitError} if an entry has too many bytes of data, as soon as its header is there.
   * @throws whatever the handler throws.
   */
  read(chunk: Buffer): void {
    const read = this.#unpacker === undefined ? this.#read(chunk) : 0;
    // The stream may have become compressed in the middle of a chunk.
    if (read < chunk.length) this.#unpack(chunk.subarray(read));
  }

  #unpack(bytes: Buffer): void {
    this.#unpacker?.decode(bytes, this.#readPlain);
  }

  readonly #readPlain = (plain: Buffer): void => {
    this.#read(plain);
  };

  /** Returns how many bytes were read: all of them, unless the rest is compressed. */
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
    if (this.#responder.configurationIsNext) {
      return streamConfigurationSize(bytes, offset, available);
    }
    if (available >= FRAME_BYTES && bytes.readInt32LE(offset) === NEW_ENTRY) {
      // Before the rest of it is kept.
      this.#checkLength(bytes.readInt32LE(offset + FRAME_LENGTH_OFFSET) & LENGTH_MASK);
    }
    return ingesterCommandSize(bytes, offset, available);
  }

  #checkLength(dataLength: number): void {
    const most = this.#maxEntryBytes;
    if (dataLength > most) throw new LimitError('entry', dataLength, most);
  }

  /** Reads whole entries until something else comes. Returns where they end. */
  #readEntries(bytes: Buffer, view: DataView, start: number): number {
    let offset = start;
    for (;;) {
      const end = this.#readRun(bytes, view, offset);
      if (end === offset) return end;
      offset = end;
    }
  }

  /**
   * Reads entries up to what is not a whole entry, or the end of a ditto block, or as many as can be confirmed
   * together. Returns where they end.
   */
  #readRun(bytes: Buffer, view: DataView, start: number): number {
    const responder = this.#responder;
    if (responder.configurationIsNext) return start;
    const isDitto = responder.dittoEntries > 0;
    const most = isDitto ? responder.dittoEntries : this.#replies.room;
    this.#runEnd = start;
    this.#runEntries = 0;
    try {
      this.#passOn(bytes, view, start, most, isDitto);
    } finally {
      // Entries before one that ends the connection are confirmed.
      this.#endRun(bytes, start, isDitto);
    }
    if (isDitto) responder.countDittoEntries(this.#runEntries);
    else this.#replies.makeRoom();
    return this.#runEnd;
  }

  #passOn(bytes: Buffer, view: DataView, start: number, most: number, isDitto: boolean): void {
    const handler = this.#handler;
    const replies = this.#replies;
    const entry = this.#entry;
    const maxEntryBytes = this.#maxEntryBytes;
    const end = bytes.length;
    let offset = start;
    entry.setBytes(bytes, view);
    while (end - offset >= FRAME_BYTES && view.getInt32(offset, true) === NEW_ENTRY) {
      const lengthAndFlags = view.getInt32(offset + FRAME_LENGTH_OFFSET, true);
      const dataLength = lengthAndFlags & LENGTH_MASK;
      if (dataLength > maxEntryBytes) this.#checkLength(dataLength);
      const hasValues = (lengthAndFlags & FLAG_VALUES) !== 0;
      const size = hasValues ? frameSize(bytes, offset, end - offset) : FRAME_BYTES + dataLength;
      if (size > end - offset) break;
      entry.moveTo(offset, dataLength, size - FRAME_BYTES - dataLength);
      // Values are always checked, because an entry with malformed ones must not be confirmed.
      if (hasValues) this.#checkValues(entry);
      const taken = handler.onEntry(entry);
      if (taken !== undefined) replies.waitFor(taken);
      if (!isDitto) {
        const id = offset + FRAME_ID_OFFSET;
        replies.confirm(view.getInt32(id, true), view.getInt32(id + 4, true));
      }
      offset += size;
      this.#runEnd = offset;
      this.#runEntries++;
      if (this.#runEntries === most) break;
    }
  }

  #endRun(bytes: Buffer, start: number, isDitto: boolean): void {
    if (this.#runEntries === 0) return;
    const entries = this.#runEntries;
    try {
      const frames = bytes.subarray(start, this.#runEnd);
      const isDittoEnd = isDitto && entries === this.#responder.dittoEntries;
      const taken = this.#handler.onRunEnd?.({ frames, entries, isDitto, isDittoEnd });
      if (taken !== undefined) this.#replies.waitFor(taken);
    } catch (error) {
      if (!isDitto) this.#replies.takeBack(entries);
      throw error;
    }
  }

  #checkValues(entry: EntryView): void {
    if (!this.#takesValues) throw new DecodeError('entry', 'its enumerated values are too new');
    const { bytes, dataOffset, dataLength, frameEnd } = entry;
    checkEnumeratedBlock(bytes, dataOffset + dataLength, frameEnd);
  }

  #configure(message: Buffer): Compression {
    const compression = this.#responder.configure(message);
    if (compression === Compression.snappy) {
      this.#unpacker = new SnappyFramingDecoder();
      this.#replies.compress();
    }
    return compression;
  }
}
