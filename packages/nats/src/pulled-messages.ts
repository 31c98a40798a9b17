import type { JsMsg } from '@nats-io/jetstream';
import { replyOf } from './delivery.js';

/** About what a message takes beside its data. */
export const MESSAGE_BYTES = 200;

export const bytesOf = ({ data }: JsMsg): number => data.length + MESSAGE_BYTES;

/** Messages that were pulled and are not written yet, first in, first out. */
export class PulledMessages {
  #messages: JsMsg[] = [];
  #next = 0;
  #bytes = 0;

  get count(): number {
    return this.#messages.length - this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(message: JsMsg): void {
    this.#messages.push(message);
    this.#bytes += bytesOf(message);
  }

  take(): JsMsg | undefined {
    const message = this.#messages[this.#next];
    if (message === undefined) return undefined;
    this.#next++;
    this.#bytes -= bytesOf(message);
    if (this.#next === this.#messages.length) {
      this.#messages = [];
      this.#next = 0;
    }
    return message;
  }

  /** The subjects for the acknowledgements of all of them. */
  replies(): readonly string[] {
    return this.#messages.slice(this.#next).map(replyOf);
  }

  /** Takes all of them. Returns the subjects for their acknowledgements. */
  takeAll(): readonly string[] {
    const replies = this.replies();
    this.#messages = [];
    this.#next = 0;
    this.#bytes = 0;
    return replies;
  }
}
