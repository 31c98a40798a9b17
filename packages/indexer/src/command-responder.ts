import {
  type Compression,
  DecodeError,
  decodeIngesterCommand,
  decodeStreamConfiguration,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeErrorTag,
  encodePong,
  encodeStreamConfiguration,
  type IndexerTag,
  type IngesterIdentity,
  type IngesterState,
  MinimumVersion,
} from '@ringest/codec';
import { TagRefusedError } from './errors.js';
import type { ReplyWriter } from './reply-writer.js';

/** A ditto block that is stored is confirmed with this (§4). */
const DITTO_STORED = 0;

/** What becomes of the things, other than entries, that an ingester says. */
export interface CommandHandler {
  /**
   * The number of a tag that is negotiated on the live connection.
   *
   * @throws {TagRefusedError} if the ingester cannot have it; it is told so.
   */
  negotiateTag(name: string): IndexerTag;

  /** Takes what the ingester says about itself with ID. */
  onIdentity?(identity: IngesterIdentity): void;

  /** Takes the ingester's state, or the reason why it could not be read. */
  onIngesterState?(state: IngesterState | DecodeError): void;
}

/** Answers the commands of one ingester (§4), and keeps what they say about what comes next. */
export class CommandResponder {
  readonly #handler: CommandHandler;
  readonly #replies: ReplyWriter;
  /** What the ingester announced. One that announces nothing is older than that. */
  #ingesterVersion: number = MinimumVersion.apiVersion - 1;
  #ingestOk = false;

  /** Whether the stream configuration comes next, before which no command word stands (§3). */
  configurationIsNext = false;

  /** Entries of a ditto block that are still to come: they are confirmed together (§10). */
  dittoEntries = 0;

  constructor(handler: CommandHandler, replies: ReplyWriter) {
    this.#handler = handler;
    this.#replies = replies;
  }

  /**
   * Answers a whole command other than NEW_ENTRY.
   *
   * @throws {DecodeError} if it is malformed, or stands inside a ditto block.
   */
  answer(message: Buffer): void {
    if (this.dittoEntries > 0) {
      throw new DecodeError('ditto block', `${this.dittoEntries} of its entries are missing`);
    }
    const replies = this.#replies;
    const command = decodeIngesterCommand(message);
    switch (command.kind) {
      case 'forceAck':
        replies.flush();
        return;
      case 'ping':
        replies.reply(encodePong());
        return;
      case 'tag':
        replies.reply(this.#negotiateTag(command.name));
        return;
      case 'id':
        this.#handler.onIdentity?.(command);
        replies.reply(encodeConfirmId());
        return;
      case 'apiVersion':
        this.#ingesterVersion = command.version;
        replies.reply(encodeConfirmApiVersion());
        return;
      case 'ingestOk':
        // Once the ingester knows that it may ingest, it configures the stream, and does so once.
        this.configurationIsNext =
          !this.#ingestOk && this.#ingesterVersion >= MinimumVersion.streamConfiguration;
        this.#ingestOk = true;
        replies.reply(encodeConfirmIngestOk(true));
        return;
      case 'ingesterState':
        this.#handler.onIngesterState?.(command.state);
        replies.reply(encodeConfirmIngesterState());
        return;
      case 'dittoBlock':
        this.dittoEntries = command.count;
        if (command.count === 0) replies.reply(encodeConfirmDittoBlock(DITTO_STORED));
        return;
    }
  }

  /**
   * Agrees to a whole stream configuration, whatever it asks for.
   *
   * @returns what the stream is compressed with from here on, in both directions.
   * @throws {DecodeError} if it is malformed.
   */
  configure(message: Buffer): Compression {
    const compression = decodeStreamConfiguration(message);
    this.configurationIsNext = false;
    this.#replies.reply(encodeStreamConfiguration(compression));
    return compression;
  }

  /** Counts an entry of a ditto block, and confirms the block with its last. */
  countDittoEntry(): void {
    this.dittoEntries--;
    if (this.dittoEntries === 0) this.#replies.reply(encodeConfirmDittoBlock(DITTO_STORED));
  }

  #negotiateTag(name: string): Buffer {
    try {
      return encodeConfirmTag(this.#handler.negotiateTag(name));
    } catch (error) {
      if (error instanceof TagRefusedError) return encodeErrorTag();
      throw error;
    }
  }
}
