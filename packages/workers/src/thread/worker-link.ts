import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Backoff } from './backoff.js';

/** What a link tells whoever has it. */
export interface LinkEvents<Heard> {
  /** A task is to be run: whatever the worker has to know beforehand is told now. */
  begin(port: MessagePort): Promise<void>;
  heard(message: Heard): void;
  /**
   * The worker died. The next one comes after the delay, unless this returns false; `undefined`:
   * none comes, the link is being closed.
   */
  died(error: Error, retryInMs: number | undefined): boolean;
}

/** The main thread's connection to a worker: it is replaced when it dies, until the link is closed. */
export class WorkerLink<Told, Heard> {
  readonly #events: LinkEvents<Heard>;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #port: MessagePort | undefined;
  #ended: Promise<void> | undefined;

  constructor(backoff: Backoff, events: LinkEvents<Heard>) {
    this.#events = events;
    this.#backoff = backoff;
  }

  /** Has a worker run the task, and another one when it dies. */
  start(): void {
    this.#ended ??= this.#run();
  }

  /** Says something to the worker; nobody hears it while there is none. */
  tell(message: Told): void {
    this.#port?.postMessage(message);
  }

  /** The worker works. */
  settle(): void {
    this.#backoff.reset();
  }

  /**
   * Has the worker end its task and waits for that.
   * @param last what tells it to
   */
  async close(last: Told): Promise<void> {
    this.#closing.abort();
    this.tell(last);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (message: Heard) => this.#events.heard(message));
      this.#port = port1;
      try {
        await this.#events.begin(port2).finally(() => this.#hearRest(port1));
        // A task ends by itself when the link is closed, or when it is of no use any more.
        return;
      } catch (error) {
        const retryInMs = signal.aborted ? undefined : this.#backoff.next();
        if (!this.#events.died(error as Error, retryInMs)) return;
        await delay(retryInMs, undefined, { signal }).catch(() => {});
      } finally {
        port1.close();
        this.#port = undefined;
      }
    }
  }

  /** What the worker said at last: a port that is closed would drop what it has not delivered. */
  #hearRest(port: MessagePort): void {
    for (let rest = receiveMessageOnPort(port); rest; rest = receiveMessageOnPort(port)) {
      this.#events.heard(rest.message as Heard);
    }
  }
}
