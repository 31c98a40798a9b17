import {
  type Compression,
  DecodeError,
  decodeIngesterCommand,
  decodeStreamConfiguration,
  encodeConfirmApiVersion,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeErrorTag,
  encodePong,
  encodeStreamConfiguration,
  type IndexerTag,
  type IngesterCommand,
  type IngesterIdentity,
  type IngesterState,
  MinimumVersion,
  UnknownCommandError,
} from '@ringest/codec';
import { TagNotGrantedError } from '../errors.js';
import type { ReplyWriter } from './reply-writer.js';

/** The API version from which on an indexer knows a command (§2). */
const KNOWN_FROM: Readonly<Record<IngesterCommand['kind'], number>> = {
  forceAck: 0,
  ping: 0,
  tag: MinimumVersion.tag,
  id: MinimumVersion.id,
  apiVersion: MinimumVersion.apiVersion,
  ingestOk: MinimumVersion.ingestOk,
  ingesterState: MinimumVersion.ingesterState,
  dittoBlock: MinimumVersion.ditto,
};

/** Handles the commands of an ingester, other than entries (§4). */
export interface CommandHandler {
  /**
   * Returns the number of a tag that is negotiated on a hot connection (§7).
   *
   * @throws {TagNotGrantedError} if the ingester cannot have the tag; it gets the answer ERROR_TAG.
   */
  negotiateTag(name: string): IndexerTag;

  /** Returns whether the ingester may begin to ingest. Default: it may. */
  isReady?(): boolean;

  /** Called when the ingester wants all confirmations now (FORCE_ACK), before those that are there leave. */
  onForceAck?(): void;

  /** Called when the ingester introduces itself with ID. */
  onIdentity?(identity: IngesterIdentity): void;

  /** Called with the ingester's state (§8), or with the error that says why it could not be decoded. */
  onIngesterState?(state: IngesterState | DecodeError): void;
}

/** Answers the commands of one ingester (§4), and keeps what they say about what comes next. */
export class CommandResponder {
  readonly #handler: CommandHandler;
  readonly #replies: ReplyWriter;
  /** This indexer's own. */
  readonly #apiVersion: number;
  /** What the ingester announced. One that announces nothing is older than that. */
  #ingesterVersion: number = MinimumVersion.apiVersion - 1;
  #ingestOk = false;

  /** Whether the stream configuration comes next, before which no command word stands (§3). */
  configurationIsNext = false;

  /** Entries of a ditto block that are still to come: they are confirmed together (§10). */
  dittoEntries = 0;
  #dittoSize = 0;

  constructor(handler: CommandHandler, replies: ReplyWriter, apiVersion: number) {
    this.#handler = handler;
    this.#replies = replies;
    this.#apiVersion = apiVersion;
  }

  /**
   * Answers a whole command other than NEW_ENTRY.
   *
   * @throws {DecodeError} if it is malformed, stands inside a ditto block, or is one that an indexer
   * of this API version does not know.
   */
  answer(message: Buffer): void {
    if (this.dittoEntries > 0) {
      throw new DecodeError('ditto block', `${this.dittoEntries} of its entries are missing`);
    }
    const replies = this.#replies;
    const command = decodeIngesterCommand(message);
    if (this.#apiVersion < KNOWN_FROM[command.kind]) {
      throw new UnknownCommandError(message.readUInt32LE(0));
    }
    switch (command.kind) {
      case 'forceAck':
        this.#handler.onForceAck?.();
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
      case 'ingestOk': {
        const isReady = this.#handler.isReady?.() ?? true;
        if (isReady) this.#permitIngest();
        replies.reply(encodeConfirmIngestOk(isReady));
        return;
      }
      case 'ingesterState':
        this.#handler.onIngesterState?.(command.state);
        replies.reply(encodeConfirmIngesterState());
        return;
      case 'dittoBlock':
        this.dittoEntries = command.count;
        this.#dittoSize = command.count;
        if (command.count === 0) replies.confirmDittoBlock(0);
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

  /** Counts entries of a ditto block, and confirms the block with its last. */
  countDittoEntries(entries: number): void {
    this.dittoEntries -= entries;
    if (this.dittoEntries === 0) this.#replies.confirmDittoBlock(this.#dittoSize);
  }

  #permitIngest(): void {
    // Once the ingester knows that it may ingest, it configures the stream, and does so once.
    const version = Math.min(this.#apiVersion, this.#ingesterVersion);
    this.configurationIsNext = !this.#ingestOk && version >= MinimumVersion.streamConfiguration;
    this.#ingestOk = true;
    // It would take a confirmation that came late for the answer to that.
    if (this.configurationIsNext) this.#replies.release();
  }

  #negotiateTag(name: string): Buffer {
    try {
      return encodeConfirmTag(this.#handler.negotiateTag(name));
    } catch (error) {
      if (error instanceof TagNotGrantedError) return encodeErrorTag();
      throw error;
    }
  }
}
