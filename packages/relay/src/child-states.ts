import { encodeIngesterStateJson, type IngesterState } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import type { Logger } from 'pino';

/** How long children that come and go are gathered, in milliseconds. */
const COMING_MS = 1000;

/**
 * How long new states of children are gathered, in milliseconds: as long as an ingester takes between two of them. The
 * muxer writes the states of all children for each connection whenever one has changed.
 */
const UPDATE_MS = 30_000;

/** The most bytes of the JSON of a child: all children share 1 MiB (§8). */
const MAX_CHILD_BYTES = 16 * 1024;

/** The states that ingesters report, as children of the state of the relay's muxer (§8). */
export class ChildStates {
  readonly #muxer: IngestMuxer;
  readonly #log: Logger;
  /** How many connections have reported a state, by the name of the child. */
  readonly #reporters = new Map<string, number>();
  /** What is not told to the muxer yet; `undefined`: the child is gone. */
  readonly #fresh = new Map<string, IngesterState | undefined>();
  /** The names of the children that could not be sent on, which has been logged. */
  readonly #dropped = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** When the muxer is told, by `performance.now()`. */
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(muxer: IngestMuxer, log: Logger) {
    this.#muxer = muxer;
    this.#log = log;
  }

  /** A connection reports a state for the first time. */
  add(name: string, state: IngesterState): void {
    const before = this.#reporters.get(name) ?? 0;
    this.#reporters.set(name, before + 1);
    this.#fresh.set(name, state);
    this.#tellWithin(before === 0 ? COMING_MS : UPDATE_MS);
  }

  /** It reports another one. */
  update(name: string, state: IngesterState): void {
    this.#fresh.set(name, state);
    this.#tellWithin(UPDATE_MS);
  }

  /** A connection that has reported a state has ended. With the last one of an ingester, its child goes. */
  remove(name: string): void {
    const left = (this.#reporters.get(name) ?? 0) - 1;
    if (left > 0) {
      this.#reporters.set(name, left);
      return;
    }
    this.#reporters.delete(name);
    this.#fresh.set(name, undefined);
    this.#tellWithin(COMING_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tellWithin(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), milliseconds).unref();
  }

  #tell(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    for (const [name, state] of fresh) {
      if (state === undefined) this.#forget(name);
      else this.#register(name, state);
    }
  }

  #forget(name: string): void {
    this.#dropped.delete(name);
    this.#muxer.unregisterChild(name);
  }

  #register(name: string, state: IngesterState): void {
    try {
      const bytes = Buffer.byteLength(encodeIngesterStateJson(state));
      if (bytes > MAX_CHILD_BYTES) {
        throw new RangeError(`it has ${bytes} bytes, and ${MAX_CHILD_BYTES} are the most`);
      }
      this.#muxer.registerChild(name, state);
      this.#dropped.delete(name);
    } catch (err) {
      // An old state would look like a new one.
      this.#muxer.unregisterChild(name);
      if (this.#dropped.has(name)) return;
      this.#dropped.add(name);
      this.#log.warn({ err, child: name }, 'the state of an ingester cannot be sent on');
    }
  }
}
