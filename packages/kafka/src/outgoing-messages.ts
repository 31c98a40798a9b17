import type { Message } from 'kafkajs';

/** Messages of a topic on their way to it, first in, first out. */
export class OutgoingMessages {
  readonly topic: string;
  /** Whether somebody sends them. */
  isSending = false;
  /** Messages that were added so far. */
  added = 0;
  /** Those among them that are stored, or given up. */
  settled = 0;
  readonly #messages: Message[] = [];
  readonly #sizes: number[] = [];

  constructor(topic: string) {
    this.topic = topic;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  add(message: Message, bytes: number): void {
    this.#messages.push(message);
    this.#sizes.push(bytes);
    this.added++;
  }

  /** As many messages as a request of so many bytes may carry, and at least one, with the bytes that they take. */
  take(maxBytes: number): { readonly messages: Message[]; readonly bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const size of this.#sizes) {
      if (count > 0 && bytes + size > maxBytes) break;
      bytes += size;
      count++;
    }
    this.#sizes.splice(0, count);
    return { messages: this.#messages.splice(0, count), bytes };
  }
}
