import type { LogEntry } from 'kafkajs';
import { RareLines } from '../rare-lines.js';

/** Says what kafkajs tells. It tells the same again and again while brokers are away. */
export class MessageLog {
  readonly #lines: RareLines;

  constructor(say: (line: string) => void) {
    this.#lines = new RareLines(say);
  }

  write({ namespace, log }: LogEntry): void {
    // What it says of a connection, the connection has said.
    if (namespace === 'BrokerPool') return;
    const { message, broker = 'kafka', error } = log;
    const parts = [broker, message, error].filter((part) => part !== undefined && part !== '');
    this.#lines.write(`ringest: ${parts.join(': ')}`);
  }
}
