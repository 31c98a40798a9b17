import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Backoff } from './backoff.js';

/** What the owner of a link does. */
export interface LinkEvents<Received> {
  /**
   * Runs the task in a worker with this port. Messages that the worker needs first are posted here.
   * Resolves when the task ends, and rejects when the worker dies.
   */
  begin(port: MessagePort): Promise<void>;
  onMessage(message: Received): void;
  /**
   * Called when the worker has died.
   * @param retryInMs milliseconds until the next worker begins; `undefined`: none will, because the
   * link is being closed
   * @returns false when no worker is wanted any more
   */
  died(error: Error, retryInMs: number | undefined): boolean;
}

/**
 * The main thread's connection to a worker. A worker that dies is replaced, until the link is closed. It does not
 * keep the process alive.
 */
export class WorkerLink<Sent, Received> {
  readonly #events: LinkEvents<Received>;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #port: MessagePort | undefined;
  #ended: Promise<void> | undefined;

  constructor(backoff: Backoff, events: LinkEvents<Received>) {
    this.#events = events;
    this.#backoff = backoff;
  }

  /** Runs the task in a worker, and in the next one when a worker dies. */
  start(): void {
    this.#ended ??= this.#run();
  }

  /** Posts a message to the worker. Without a worker, it is dropped. */
  post(message: Sent): void {
    this.#port?.postMessage(message);
  }

  /** The worker does its work: the next delay is the shortest again. */
  resetBackoff(): void {
    this.#backoff.reset();
  }

  /**
   * Ends the task, and waits for that.
   * @param last the message that asks the worker to end it
   */
  async close(last: Sent): Promise<void> {
    this.#closing.abort();
    this.post(last);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (message: Received) => this.#events.onMessage(message));
      port1.unref();
      this.#port = port1;
      try {
        await this.#events.begin(port2).finally(() => this.#deliverRest(port1));
        // The link is closed, or the task has given up.
        return;
      } catch (error) {
        const retryInMs = signal.aborted ? undefined : this.#backoff.next();
        if (!this.#events.died(error as Error, retryInMs)) return;
        await delay(retryInMs, undefined, { signal, ref: false }).catch(() => {});
      } finally {
        port1.close();
        this.#port = undefined;
      }
    }
  }

  /** Delivers the last messages of the worker: closing the port would drop them. */
  #deliverRest(port: MessagePort): void {
    for (let rest = receiveMessageOnPort(port); rest; rest = receiveMessageOnPort(port)) {
      this.#events.onMessage(rest.message as Received);
    }
  }
}
