import { encodePong } from '@ringest/codec';
import { IngesterTimeoutError } from '../errors.js';
import type { MessageReader } from '../reading/message-reader.js';
import type { ReplyWriter } from '../reading/reply-writer.js';
import type { ReadPacer } from './read-pacer.js';

/** How long an ingester may be silent before the indexer ends the connection, in milliseconds (§11). */
export const SILENCE_TIMEOUT_MS = 600_000;

/** How often the indexer checks whether a PONG is due (§4). */
const PONG_INTERVAL_MS = 1000;

/** What is watched of a connection. */
interface Watched {
  readonly replies: ReplyWriter;
  readonly messages: MessageReader;
  readonly pacer: ReadPacer;
  /** Ends the connection. */
  readonly stop: (error: unknown) => void;
}

/** Sends PONG when the indexer has sent nothing, and ends the connection when the ingester is silent. */
export class IdleWatch {
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #silentIntervals = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), PONG_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The ingester has said something. */
  heard(): void {
    this.#silentIntervals = 0;
  }

  #look(): void {
    const { replies, messages, pacer, stop } = this.#watched;
    // While reading is paused, nothing can arrive.
    this.#silentIntervals = pacer.isPausing ? 0 : this.#silentIntervals + 1;
    if (this.#silentIntervals * PONG_INTERVAL_MS >= SILENCE_TIMEOUT_MS) {
      stop(new IngesterTimeoutError('said nothing', SILENCE_TIMEOUT_MS));
      return;
    }
    // An ingester that has asked for a stream configuration takes the next bytes for it, and one
    // that was throttled takes anything for the end of that.
    if (replies.takeWrote() || messages.configurationIsNext || replies.isHeld) return;
    try {
      replies.reply(encodePong());
      replies.takeWrote();
    } catch (error) {
      stop(error);
    }
  }
}
