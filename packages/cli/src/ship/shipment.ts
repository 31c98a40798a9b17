import type { IngestMuxer } from '@ringest/core';
import type { EntryAccount } from './entries/entry-account.js';
import { EntryStreams } from './entries/entry-streams.js';
import { Follower } from './follow/follower.js';
import { STANDARD_INPUT } from './inputs.js';
import { readInput } from './read-input.js';
import type { FollowChoice, ShipOptions } from './ship-options.js';
import type { Stopping } from './stopping.js';

/** What a shipment tells while it goes on. */
export interface ShipmentHost {
  readonly account: EntryAccount;
  readonly stopping: Stopping;
  readonly say: (line: string) => void;
}

/** All inputs of a `ship` on their way to indexers. */
export class Shipment {
  readonly #muxer: IngestMuxer;
  readonly #inputs: readonly string[];
  readonly #host: ShipmentHost;
  readonly #streams: EntryStreams;
  #problems = 0;

  constructor(
    muxer: IngestMuxer,
    { inputs, entries }: Pick<ShipOptions, 'inputs' | 'entries'>,
    host: ShipmentHost,
  ) {
    this.#muxer = muxer;
    this.#inputs = inputs;
    this.#host = host;
    this.#streams = new EntryStreams(muxer, entries, host.say);
  }

  /** What went wrong, and was said. */
  get problems(): number {
    return this.#problems;
  }

  /** Reads files, or standard input, one after the other, and waits until their entries are confirmed. */
  async readAll(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const name = path === STANDARD_INPUT ? 'standard input' : path;
      if (this.#host.stopping.reading.aborted) this.problem(`${name} was not read`);
      else await this.#readToEnd(path, name);
    }
    await this.#allConfirmed();
  }

  /** Follows files until it is stopped, and waits until what was read is confirmed. */
  async follow(choice: FollowChoice): Promise<void> {
    const { account, stopping, say } = this.#host;
    const isStored = this.#muxer.stats().cache?.mode === 'journal';
    const follower = new Follower(
      { ...choice, inputs: this.#inputs },
      {
        account,
        openStream: () => this.#streams.open(),
        // A journal has every entry on disk before the write of it is over.
        confirmed: async () => {
          if (!isStored) await this.#muxer.barrier({ signal: stopping.waiting });
        },
        say,
      },
    );
    try {
      await follower.run(stopping.reading);
      await this.#allConfirmed();
      await follower.end();
    } finally {
      await follower.close();
    }
  }

  /** Something went wrong, which does not end the others. */
  problem(text: string): void {
    this.#problems++;
    this.#host.say(`ringest: ${text}`);
  }

  async #allConfirmed(): Promise<void> {
    await this.#muxer.sync({ signal: this.#host.stopping.waiting });
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
