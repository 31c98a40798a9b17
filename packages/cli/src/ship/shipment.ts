import { once } from 'node:events';
import type { IngestMuxer } from '@ringest/core';
import type { EntryAccount } from './entries/entry-account.js';
import { type EntryOptions, EntryStreams } from './entries/entry-streams.js';
import { Follower } from './follow/follower.js';
import { STANDARD_INPUT } from './inputs.js';
import type { ListenOptions } from './listen/listen-options.js';
import { Listeners } from './listen/listeners.js';
import { readInput } from './read-input.js';
import { sharedWait } from './shared-wait.js';
import type { FollowChoice } from './ship-options.js';
import type { Stopping } from './stopping.js';

/** What a shipment tells while it goes on. */
export interface ShipmentHost {
  readonly account: EntryAccount;
  readonly stopping: Stopping;
  readonly say: (line: string) => void;
}

/** Entries on their way from inputs to indexers. */
export class Shipment {
  readonly #muxer: IngestMuxer;
  readonly #host: ShipmentHost;
  readonly #streams: EntryStreams;
  /** Whether every entry is on disk once its write is over. */
  readonly #isStored: boolean;
  #problems = 0;

  constructor(muxer: IngestMuxer, entries: EntryOptions, host: ShipmentHost) {
    this.#muxer = muxer;
    this.#host = host;
    this.#streams = new EntryStreams(muxer, entries, host.say);
    this.#isStored = muxer.stats().cache?.mode === 'journal';
  }

  /** What went wrong, and was said. */
  get problems(): number {
    return this.#problems;
  }

  /** Reads files, or standard input, one after the other. */
  async readAll(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const name = path === STANDARD_INPUT ? 'standard input' : path;
      if (this.#host.stopping.reading.aborted) this.problem(`${name} was not read`);
      else await this.#readToEnd(path, name);
    }
  }

  /** Follows files until it is stopped, and waits until what was read is confirmed. */
  async follow(inputs: readonly string[], choice: FollowChoice): Promise<void> {
    const { account, stopping, say } = this.#host;
    const follower = new Follower(
      { ...choice, inputs },
      {
        account,
        openStream: () => this.#streams.open(),
        confirmed: async () => {
          if (!this.#isStored) await this.#muxer.barrier({ signal: stopping.waiting });
        },
        say,
      },
    );
    try {
      await follower.run(stopping.reading);
      await this.allConfirmed();
      await follower.end();
    } finally {
      await follower.close();
    }
  }

  /** Begins to listen. @throws what the system says of an address */
  listen(options: ListenOptions): Promise<Listeners> {
    const { account, stopping, say } = this.#host;
    const sync = sharedWait(() => this.#muxer.sync({ signal: stopping.waiting }));
    return Listeners.listen(options, {
      streams: this.#streams,
      account,
      limits: options,
      confirmed: async () => {
        if (!this.#isStored) await sync();
      },
      say,
      failed: (error) => stopping.giveUp(error),
    });
  }

  /** Takes what comes until it is stopped. */
  async serve(listeners: Listeners): Promise<void> {
    const { reading } = this.#host.stopping;
    if (!reading.aborted) await once(reading, 'abort');
    await listeners.close();
  }

  /** Waits until all that was written is confirmed. */
  async allConfirmed(): Promise<void> {
    await this.#muxer.sync({ signal: this.#host.stopping.waiting });
  }

  /** Something went wrong, which does not end the others. */
  problem(text: string): void {
    this.#problems++;
    this.#host.say(`ringest: ${text}`);
  }

  async #readToEnd(path: string, name: string): Promise<void> {
    const { account, stopping } = this.#host;
    const stream = this.#streams.open();
    account.add(stream);
    try {
      const isWhole = await readInput(path, stream, account, stopping.reading);
      if (!isWhole) this.problem(`${name} was not read to its end`);
    } catch (error) {
      // The next input may be readable. Other errors hold for all of them.
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      this.problem(`${name}: ${(error as Error).message}`);
    } finally {
      account.close(stream);
    }
  }
}
