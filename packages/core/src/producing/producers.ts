import { MessageChannel } from 'node:worker_threads';
import { type DetachedFrame, kernelModule } from '@ringest/workers';
import type { Slice } from '../slice.js';
import { Wait, type WaitOptions } from '../wait.js';
import { fromMessage, toMessage } from './error-message.js';
import { Inflow } from './inflow.js';
import type { ProducerHandle, ProducerTask, ToMuxer, ToProducer } from './messages.js';

/** A ring of this size is as fast as a larger one, and stays in the processor's cache. */
const MAX_RING_BYTES = 2_097_152;
/** After so many bytes of one producer, the next one has its turn. */
const TURN_BYTES = 262_144;

/** What the producers of a muxer need of it. */
export interface ProducersHost {
  /** The size of the rings of lanes, in bytes. */
  readonly ringBytes: number;
  /** Says what a new producer has to know. */
  task(): Omit<ProducerTask, 'ring'>;
  /** Runs `Dispatcher.progress`, now. */
  progress(): void;
  /** Resolves once everything that was taken out of rings of producers is confirmed. */
  barrier(forces: boolean): Promise<void>;
  /** The receipt of what was written just now; `undefined`: writes get none. */
  receipt(entries: number): Promise<void> | undefined;
  addTag(name: string): number;
  /** Memory of so many bytes that is free; `undefined`: there is none. */
  spare(bytes: number): SharedArrayBuffer | undefined;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  failed(error: Error, message: string): void;
}

/** What came of placing frames of producers. */
export type Taken = 'all' | 'blocked' | 'cut';

/** The producers of a muxer in other threads: it takes their frames out of their rings, in turns. */
export class Producers {
  readonly #host: ProducersHost;
  #inflows: readonly Inflow[] = [];
  /** Which one has its turn. */
  #next = 0;
  #blocked: DetachedFrame | undefined;
  #ended: Wait | undefined;

  constructor(host: ProducersHost) {
    this.#host = host;
  }

  /** Producers that are not closed. */
  get count(): number {
    return this.#inflows.length;
  }

  /** Bytes of frames that producers have committed and that are in no lane's ring. */
  get waitingBytes(): number {
    return this.#inflows.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  }

  /** Frames that wait for room; `undefined`: none do. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /** Whether a producer may have committed frames that are not taken out. */
  get isAnyAwake(): boolean {
    return this.#inflows.some(({ isAwake }) => isAwake);
  }

  /** Makes a producer. */
  open(): ProducerHandle {
    const { port1, port2 } = new MessageChannel();
    const ringBytes = Math.min(this.#host.ringBytes, MAX_RING_BYTES);
    const inflow = new Inflow(ringBytes, port1, (message) => this.#onMessage(inflow, message));
    port1.on('close', () => {
      inflow.isGone = true;
      this.#wake(inflow);
    });
    this.#inflows = [...this.#inflows, inflow];
    const { memory } = inflow.ring;
    const ring = { memory, module: kernelModule() };
    return { port: port2, task: { ...this.#host.task(), ring } };
  }

  /**
   * Takes out what finds room, of one producer after the other.
   * @param place returns false when frames have to wait for room
   * @param most the most bytes; a run more is possible
   * @returns `cut`: the slice is over, or so many bytes are placed, before all was taken out
   */
  proceed(place: (frame: DetachedFrame) => boolean, slice: Slice, most: number): Taken {
    this.#blocked = undefined;
    if (!this.isAnyAwake) return 'all';
    let left = most;
    let taken: Taken = 'all';
    for (let idle = 0; idle < this.#inflows.length && taken === 'all'; ) {
      this.#next = (this.#next + 1) % this.#inflows.length;
      const inflow = this.#inflows[this.#next] as Inflow;
      const bytes = inflow.isAwake ? this.#take(inflow, place, Math.min(left, TURN_BYTES)) : 0;
      left -= bytes;
      idle = bytes === 0 ? idle + 1 : 0;
      if (this.#blocked !== undefined) taken = 'blocked';
      else if (left <= 0 || slice.isOver) taken = 'cut';
    }
    this.#settle();
    return taken;
  }

  /**
   * Calls a function once all is taken out that producers have committed now; at once if it is.
   * @returns a function that cancels this
   */
  afterCommitted(passed: () => void): () => void {
    const waiting = this.#inflows.filter(({ waitingBytes }) => waitingBytes > 0);
    let left = waiting.length;
    if (left === 0) {
      passed();
      return () => {};
    }
    const cancels = waiting.map((inflow) => {
      inflow.isAwake = true;
      return inflow.afterTaken(() => {
        left--;
        if (left === 0) passed();
      });
    });
    return () => {
      for (const cancel of cancels) cancel();
    };
  }

  /** Tells all producers. */
  post(message: ToProducer): void {
    for (const inflow of this.#inflows) inflow.post(message);
  }

  /** Refuses further writes, and asks all producers to end. */
  stop(): void {
    for (const inflow of this.#inflows) inflow.stop();
  }

  /**
   * Resolves once all producers have ended, and all is taken out that they committed.
   * @throws {WaitTimeoutError}
   */
  ended(options: WaitOptions): Promise<void> {
    const ended = new Wait('the end of all producers', options, (error) => ended.reject(error));
    this.#ended = ended;
    this.#settle();
    return ended.promise;
  }

  /**
   * Takes out all that is committed.
   * @param keep returns true
   * @returns how many entries it were
   */
  takeAll(keep: (frame: DetachedFrame) => boolean): number {
    for (const inflow of this.#inflows) this.#take(inflow, keep, Number.POSITIVE_INFINITY);
    const entries = this.#inflows.reduce((sum, { taken }) => sum + taken, 0);
    this.#settle();
    return entries;
  }

  /** Ends all producers, and their promises. */
  close(): void {
    for (const inflow of this.#inflows) inflow.close();
    this.#inflows = [];
  }

  /** Takes frames out of one ring. Returns how many bytes it were. */
  #take(inflow: Inflow, place: (frame: DetachedFrame) => boolean, most: number): number {
    let bytes = 0;
    try {
      while (bytes < most) {
        const head = inflow.head();
        if (head === undefined) {
          if (inflow.sleep()) break;
          continue;
        }
        if (!place(head)) {
          this.#blocked = head;
          break;
        }
        bytes += head.frame.length;
        inflow.pass(head, this.#host.spare);
      }
      inflow.wakeProducer();
    } catch (error) {
      this.#inflows = this.#inflows.filter((other) => other !== inflow);
      inflow.giveUp();
      this.#host.failed(
        error as Error,
        'the memory of a producer is damaged: the producer is closed',
      );
    }
    return bytes;
  }

  #settle(): void {
    for (const inflow of this.#inflows) {
      const { taken, position } = inflow;
      inflow.taken = 0;
      if (taken > 0) this.#sendReceipt(inflow, taken, position);
      inflow.passMilestones();
    }
    if (this.#inflows.every(({ isOver }) => isOver)) this.#ended?.resolve();
    const gone = this.#inflows.filter(({ isGone, isOver }) => isGone && isOver);
    if (gone.length === 0) return;
    for (const inflow of gone) inflow.close();
    this.#inflows = this.#inflows.filter((inflow) => !gone.includes(inflow));
  }

  #sendReceipt(inflow: Inflow, entries: number, position: number): void {
    this.#host.receipt(entries)?.then(
      () => inflow.post({ kind: 'stored', position }),
      (error) => inflow.post({ kind: 'notStored', error: toMessage(error) }),
    );
  }

  #wake(inflow: Inflow): void {
    inflow.isAwake = true;
    this.#host.progress();
  }

  #onMessage(inflow: Inflow, message: ToMuxer): void {
    if (typeof message !== 'object') {
      this.#wake(inflow);
      return;
    }
    switch (message.kind) {
      case 'large':
        this.#wake(inflow);
        break;
      case 'barrier': {
        const { key, position, forces } = message;
        // Not from there: `progress` may be running.
        const ask = () => queueMicrotask(() => this.#answerBarrier(inflow, key, forces));
        inflow.afterTaken(ask, position);
        this.#wake(inflow);
        break;
      }
      case 'tag':
        this.#answerTag(inflow, message.key, message.name);
        break;
      case 'warn': {
        const { error, fields } = message;
        const err = error && { err: fromMessage(error) };
        this.#host.warn({ ...fields, ...err }, message.message);
        break;
      }
      case 'ended':
        inflow.isEnded = true;
        this.#wake(inflow);
        break;
      case 'closed':
        inflow.isGone = true;
        this.#wake(inflow);
    }
  }

  #answerBarrier(inflow: Inflow, key: number, forces: boolean): void {
    this.#host.barrier(forces).then(
      () => inflow.post({ kind: 'answer', key }),
      (error) => inflow.post({ kind: 'answer', key, error: toMessage(error) }),
    );
  }

  #answerTag(inflow: Inflow, key: number, name: string): void {
    try {
      inflow.post({ kind: 'answer', key, tag: this.#host.addTag(name) });
    } catch (error) {
      inflow.post({ kind: 'answer', key, error: toMessage(error) });
    }
  }
}
