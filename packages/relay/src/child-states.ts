import type { IngesterState, IngestMuxer } from '@ringest/core';
import type { Logger } from 'pino';

/** How long states are gathered before they are sent on, in milliseconds: many ingesters report at a time. */
const GATHER_MS = 1000;

/** The states that ingesters report, as children of the state of the relay's muxer (§8). */
export class ChildStates {
  readonly #muxer: IngestMuxer;
  readonly #log: Logger;
  /** How many connections have reported a state, by the name of the child. */
  readonly #reporters = new Map<string, number>();
  /** What is not told to the muxer yet; `undefined`: the child is gone. */
  readonly #fresh = new Map<string, IngesterState | undefined>();
  #timer: NodeJS.Timeout | undefined;

  constructor(muxer: IngestMuxer, log: Logger) {
    this.#muxer = muxer;
    this.#log = log;
  }

  /** A connection reports a state for the first time. */
  add(name: string): void {
    this.#reporters.set(name, (this.#reporters.get(name) ?? 0) + 1);
  }

  set(name: string, state: IngesterState): void {
    this.#change(name, state);
  }

  /** A connection that has reported a state has ended. With the last one of an ingester, its child goes. */
  remove(name: string): void {
    const left = (this.#reporters.get(name) ?? 0) - 1;
    if (left > 0) {
      this.#reporters.set(name, left);
      return;
    }
    this.#reporters.delete(name);
    this.#change(name, undefined);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #change(name: string, state: IngesterState | undefined): void {
    this.#fresh.set(name, state);
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
  }

  #tell(): void {
    this.#timer = undefined;
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    for (const [name, state] of fresh) {
      if (state === undefined) this.#muxer.unregisterChild(name);
      else this.#register(name, state);
    }
  }

  #register(name: string, state: IngesterState): void {
    try {
      this.#muxer.registerChild(name, state);
    } catch (err) {
      this.#log.warn({ err, child: name }, 'the state of an ingester cannot be sent on');
    }
  }
}
