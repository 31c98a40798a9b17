import type { JsMsg } from '@nats-io/jetstream';

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

  /** Tells the server that the messages are still being worked on. */
  working(): void {
    for (let i = this.#next; i < this.#messages.length; i++) this.#messages[i]?.working();
  }

  /** Gives all of them back to the server, for this or another process. */
  giveBack(): void {
    for (let message = this.take(); message !== undefined; message = this.take()) message.nak();
  }
}
