import { encodePong } from '@ringest/codec';
import type { ReadPacer } from '../behaviour/read-pacer.js';
import { IngesterTimeoutError } from '../errors.js';
import type { MessageReader } from './message-reader.js';
import type { ReplyWriter } from './reply-writer.js';

/** How long an ingester may be silent before the indexer ends the connection, in milliseconds (§11). */
export const SILENCE_TIMEOUT_MS = 600_000;

/** How often the indexer checks whether a PONG is due (§4). */
const PONG_INTERVAL_MS = 1000;

/** The parts of a connection that are watched. */
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

  /** The ingester has sent something. */
  heard(): void {
    this.#silentIntervals = 0;
  }

  #look(): void {
    const { replies, messages, pacer, stop } = this.#watched;
    // While reading is paused, nothing can arrive; and an ingester may wait for confirmations before it goes on.
    const isAwaited = pacer.isPausing || replies.isTaking || replies.isDelivering;
    this.#silentIntervals = isAwaited ? 0 : this.#silentIntervals + 1;
    if (this.#silentIntervals * PONG_INTERVAL_MS >= SILENCE_TIMEOUT_MS) {
      stop(new IngesterTimeoutError('said nothing', SILENCE_TIMEOUT_MS));
      return;
    }
    // After a request for a stream configuration, the ingester reads the next bytes as the answer. While
    // it is throttled, any message ends the throttle.
    if (replies.takeWrote() || messages.configurationIsNext || replies.isThrottled) return;
    try {
      replies.reply(encodePong());
      replies.takeWrote();
    } catch (error) {
      stop(error);
    }
  }
}
