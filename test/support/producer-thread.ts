import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { decodeEntry } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { onTestFinished } from 'vitest';
import type { Arrival } from './arrivals.js';
import { Changes } from './changes.js';

interface FromThread {
  /** Of the request that this answers. */
  readonly key?: number;
  readonly value?: unknown;
  readonly error?: object;
  readonly event?: string;
}

/** A worker thread with a producer, which does what a test asks for. It ends with the test. */
export class ProducerThread {
  readonly worker: Worker;
  /** The values of the events `synced`. */
  readonly synced: number[] = [];
  readonly #port: MessagePort;
  readonly #events = new Set<string>();
  readonly #changes = new Changes();
  readonly #waiting = new Map<number, (answer: FromThread) => void>();
  readonly #exit: Promise<unknown>;
  #nextKey = 1;

  private constructor(muxer: IngestMuxer) {
    const handle = muxer.producer();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: FromThread) => this.#onMessage(message));
    this.worker = new Worker(new URL('./producer-thread.mjs', import.meta.url), {
      workerData: { handle, port: port2 },
      transferList: [handle.port, port2],
    });
    // Some threads crash on purpose.
    this.worker.on('error', () => {});
    this.#exit = new Promise((resolve) => this.worker.once('exit', resolve));
    onTestFinished(async () => {
      port1.close();
      await this.worker.terminate();
    });
  }

  /** Starts a thread with a new producer of a muxer. */
  static async open(muxer: IngestMuxer): Promise<ProducerThread> {
    const thread = new ProducerThread(muxer);
    await thread.event('open');
    return thread;
  }

  /** Has the thread do something. Rejects with what it throws. */
  async do<Value>(action: string, options: object = {}): Promise<Value> {
    const key = this.#nextKey++;
    const answered = new Promise<FromThread>((resolve) => this.#waiting.set(key, resolve));
    this.#port.postMessage({ key, action, ...options });
    const { value, error } = await answered;
    if (error !== undefined) throw error;
    return value as Value;
  }

  /** Calls a method of the producer. */
  call<Value>(method: string, ...args: unknown[]): Promise<Value> {
    return this.do('call', { method, args });
  }

  /** Waits for an event. */
  event(name: string): Promise<void> {
    return this.#changes.until(`the event ${name}`, () => this.#events.has(name));
  }

  /** Waits until the thread has synced so often. */
  syncs(count: number): Promise<void> {
    return this.#changes.until(`${count} syncs`, () => this.synced.length >= count);
  }

  /** Waits for the end of the thread. */
  async ended(): Promise<void> {
    await this.#exit;
  }

  #onMessage({ key, value, error, event }: FromThread): void {
    if (event === 'synced') this.synced.push(value as number);
    if (event !== undefined) this.#events.add(event);
    if (key !== undefined) this.#waiting.get(key)?.({ value, ...(error && { error }) });
    this.#changes.tell();
  }
}

/** The numbers of entries that threads wrote, in the order of their arrival. */
export function numbersOf(received: readonly Arrival[]): number[] {
  return received.map(({ bytes }) => Number.parseInt(decodeEntry(bytes).data.toString(), 10));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
