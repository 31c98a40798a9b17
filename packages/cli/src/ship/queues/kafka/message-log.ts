import type { LogEntry } from 'kafkajs';

/** A line is not said again for so long, in milliseconds. */
const SILENCE_MS = 60_000;

/** Lines that are known at most. */
const MOST = 100;

/** Says what kafkajs tells. It tells the same again and again while brokers are away. */
export class MessageLog {
  readonly #say: (text: string) => void;
  readonly #saidAt = new Map<string, number>();

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  write({ namespace, log }: LogEntry): void {
    // What it says of a connection, the connection has said.
    if (namespace === 'BrokerPool') return;
    const { message, broker = 'kafka', error } = log;
    const parts = [broker, message, error].filter((part) => part !== undefined && part !== '');
    const text = parts.join(': ');
    const now = performance.now();
    if (now < (this.#saidAt.get(text) ?? Number.NEGATIVE_INFINITY) + SILENCE_MS) return;
    if (this.#saidAt.size >= MOST) this.#saidAt.clear();
    this.#saidAt.set(text, now);
    this.#say(text);
  }
}
