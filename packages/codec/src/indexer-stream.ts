import { CHALLENGE_BYTES, type Challenge, decodeChallenge } from './authentication.js';
import { Command, MAX_THROTTLE_NANOSECONDS, WORD_BYTES } from './command.js';
import { DecodeError, UnknownCommandError } from './errors.js';
import {
  decodeState,
  decodeTagResponse,
  MAX_STATE_BYTES,
  MAX_TAG_MESSAGE_BYTES,
  State,
  type StateMessage,
  type TagResponse,
} from './negotiation.js';
import { type StreamConfigurationMessage, StreamDecoder } from './stream-decoder.js';
import type { IndexerTag } from './tag.js';
import { readU64 } from './u64.js';

/** Any message of an indexer to an ingester. */
export type IndexerMessage =
  | ({ readonly kind: 'challenge' } & Challenge)
  | ({ readonly kind: 'state' } & StateMessage)
  | ({ readonly kind: 'tagResponse' } & TagResponse)
  | StreamConfigurationMessage
  | IndexerCommand;

/** A command of an indexer, after the tags are negotiated (§4). */
export type IndexerCommand =
  | { readonly kind: 'confirmEntry'; readonly id: number }
  /** The pause is at most {@link MAX_THROTTLE_NANOSECONDS}, even if the indexer asked for more. */
  | { readonly kind: 'throttle'; readonly nanoseconds: number }
  | { readonly kind: 'confirmTag'; readonly tag: IndexerTag }
  | { readonly kind: 'confirmIngestOk'; readonly ok: boolean }
  /** The result 0 means that the ditto block is stored (§10). */
  | { readonly kind: 'confirmDittoBlock'; readonly result: number }
  | { readonly kind: 'pong' | 'errorTag' | 'confirmId' }
  | { readonly kind: 'confirmApiVersion' | 'confirmIngesterState' };

/** The bytes of a command with a `u64`. */
const NUMBER_COMMAND_BYTES = WORD_BYTES + 8;

/**
 * Returns the size of a whole command of an indexer, by its word (§4).
 *
 * @throws {UnknownCommandError} if an indexer has no such command.
 */
export function indexerCommandSize(word: number): number {
  switch (word) {
    case Command.pong:
    case Command.errorTag:
    case Command.confirmId:
    case Command.confirmApiVersion:
    case Command.confirmIngesterState:
      return WORD_BYTES;
    case Command.confirmEntry:
    case Command.throttle:
    case Command.confirmTag:
    case Command.confirmIngestOk:
    case Command.confirmDittoBlock:
      return NUMBER_COMMAND_BYTES;
    default:
      throw new UnknownCommandError(word);
  }
}

/**
 * Decodes what an indexer sends: challenge, state, tag response, then commands. After a state other than
 * AUTHENTICATED, only another state can follow.
 */
export class IndexerStreamDecoder extends StreamDecoder<IndexerMessage> {
  #phase: 'challenge' | 'state' | 'tagResponse' | 'commands' = 'challenge';

  protected decodeNext(): IndexerMessage | undefined {
    switch (this.#phase) {
      case 'challenge':
        return this.#challenge();
      case 'state':
        return this.#state();
      case 'tagResponse':
        return this.#tagResponse();
      case 'commands':
        return this.#command();
    }
  }

  #challenge(): IndexerMessage | undefined {
    if (this.queue.length < CHALLENGE_BYTES) return undefined;
    this.#phase = 'state';
    return { kind: 'challenge', ...decodeChallenge(this.queue.take(CHALLENGE_BYTES)) };
  }

  #state(): IndexerMessage | undefined {
    const message = this.takePrefixed(2, 'state', MAX_STATE_BYTES);
    if (message === undefined) return undefined;
    const state = decodeState(message);
    if (state.id === State.authenticated) this.#phase = 'tagResponse';
    return { kind: 'state', ...state };
  }

  #tagResponse(): IndexerMessage | undefined {
    const message = this.takePrefixed(4, 'tag response', MAX_TAG_MESSAGE_BYTES);
    if (message === undefined) return undefined;
    this.#phase = 'commands';
    return { kind: 'tagResponse', ...decodeTagResponse(message) };
  }

  #command(): IndexerCommand | undefined {
    const { queue } = this;
    if (queue.length < WORD_BYTES) return undefined;
    const word = queue.peek(WORD_BYTES).readUInt32LE(0);
    switch (word) {
      case Command.pong:
        return this.#bare('pong');
      case Command.errorTag:
        return this.#bare('errorTag');
      case Command.confirmId:
        return this.#bare('confirmId');
      case Command.confirmApiVersion:
        return this.#bare('confirmApiVersion');
      case Command.confirmIngesterState:
        return this.#bare('confirmIngesterState');
      case Command.confirmEntry:
      case Command.throttle:
      case Command.confirmTag:
      case Command.confirmIngestOk:
      case Command.confirmDittoBlock: {
        if (queue.length < NUMBER_COMMAND_BYTES) return undefined;
        return numberCommand(word, readU64(queue.take(NUMBER_COMMAND_BYTES), WORD_BYTES));
      }
      default:
        throw new UnknownCommandError(word);
    }
  }

  #bare<Kind extends string>(kind: Kind): { readonly kind: Kind } {
    this.queue.take(WORD_BYTES);
    return { kind };
  }
}

type NumberWord = (typeof Command)[
  | 'confirmEntry'
  | 'throttle'
  | 'confirmTag'
  | 'confirmIngestOk'
  | 'confirmDittoBlock'];

function numberCommand(word: NumberWord, number: number): IndexerCommand {
  switch (word) {
    case Command.confirmEntry:
      return { kind: 'confirmEntry', id: number };
    case Command.throttle:
      // A negative i64 reads as more than 2^63, so that this is the whole rule of §4.
      return { kind: 'throttle', nanoseconds: Math.min(number, MAX_THROTTLE_NANOSECONDS) };
    case Command.confirmTag:
      if (number > 0xffff)
        throw new DecodeError('tag confirmation', `${number} is not a tag number`);
      return { kind: 'confirmTag', tag: number as IndexerTag };
    case Command.confirmIngestOk:
      return { kind: 'confirmIngestOk', ok: number !== 0 };
    case Command.confirmDittoBlock:
      return { kind: 'confirmDittoBlock', result: number };
  }
}
