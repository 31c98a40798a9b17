import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Backoff } from './backoff.js';
import type { ConnectionTimes, ToMain, ToWorker } from './boundary.js';
import type { LanePool, LaneThread } from './lane-pool.js';

/** What a link tells its lane. */
export interface LinkEvents {
  /** A task is to be run: whatever the worker has to know beforehand is told now. */
  begin(thread: LaneThread, port: MessagePort): Promise<void>;
  heard(message: ToMain): void;
  /**
   * The worker died. The next one comes after the delay, unless this returns false; `undefined`:
   * none comes, the link is being closed.
   */
  died(error: Error, retryInMs: number | undefined): boolean;
}

/** A lane's connection to its worker: it is replaced when it dies, until the link is closed. */
export class LaneLink {
  readonly #events: LinkEvents;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #port: MessagePort | undefined;
  #ended: Promise<void> | undefined;

  constructor(times: ConnectionTimes, events: LinkEvents) {
    this.#events = events;
    this.#backoff = new Backoff(times.firstRetry, times.mostRetry);
  }

  /** Has a worker run the lane's task, and another one when it dies. */
  start(pool: LanePool): void {
    this.#ended ??= this.#run(pool.seat());
  }

  /** Says something to the worker; nobody hears it while there is none. */
  tell(message: ToWorker): void {
    this.#port?.postMessage(message);
  }

  /** The worker works. */
  settle(): void {
    this.#backoff.reset();
  }

  /** Has the worker end its task and waits for that. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.tell({ kind: 'close' });
    await this.#ended;
  }

  async #run(thread: LaneThread): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (message: ToMain) => this.#events.heard(message));
      this.#port = port1;
      try {
        await this.#events.begin(thread, port2).finally(() => this.#hearRest(port1));
        // A task ends by itself when the lane is closed, or is of no use any more.
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
      this.#events.heard(rest.message as ToMain);
    }
  }
}
