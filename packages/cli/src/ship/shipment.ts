import type { IngestMuxer } from '@ringest/core';
import { InputError } from '../errors.js';
import type { FileStatus } from '../status/status-reply.js';
import type { EntryAccount, EntryStream } from './entries/entry-account.js';
import { type EntryOptions, EntryStreams } from './entries/entry-streams.js';
import type { FileState } from './follow/follow-state.js';
import { Follower, type FollowOptions } from './follow/follower.js';
import { STANDARD_INPUT } from './inputs.js';
import type { ListenAccount } from './listen/listen-account.js';
import type { ListenOptions } from './listen/listen-options.js';
import { Listeners } from './listen/listeners.js';
import { openQueue, type Queue, type QueueChoice } from './queues/queue.js';
import { QueueWriter } from './queues/queue-writer.js';
import { readInput } from './read-input.js';
import { sharedWait } from './shared-wait.js';
import type { Stopping } from './stopping.js';

/** What a shipment tells while it goes on. */
export interface ShipmentHost {
  readonly account: EntryAccount;
  readonly listening: ListenAccount;
  readonly stopping: Stopping;
  readonly say: (line: string) => void;
}

/** Entries on their way from inputs to indexers. */
export class Shipment {
  readonly #muxer: IngestMuxer;
  readonly #host: ShipmentHost;
  /** Whether every entry is on disk once its write is over. */
  readonly #isStored: boolean;
  readonly #sync: () => Promise<void>;
  #follower: Follower | undefined;
  #problems = 0;

  constructor(muxer: IngestMuxer, host: ShipmentHost) {
    this.#muxer = muxer;
    this.#host = host;
    this.#sync = sharedWait(() => muxer.sync({ signal: host.stopping.waiting }));
    this.#isStored = muxer.stats().cache?.mode === 'journal';
  }

  /** What went wrong, and was said. */
  get problems(): number {
    return this.#problems;
  }

  /** The files that are followed. */
  get files(): readonly FileStatus[] {
    return this.#follower?.files ?? [];
  }

  /** Reads files, or standard input, one after the other. */
  async readAll(paths: readonly string[], entries: EntryOptions): Promise<void> {
    const streams = this.#streams(entries);
    for (const path of paths) {
      const name = path === STANDARD_INPUT ? 'standard input' : path;
      if (this.#host.stopping.reading.aborted) this.problem(`${name} was not read`);
      else await this.#readToEnd(path, name, streams.open());
    }
  }

  /**
   * Follows files until a signal, and waits until what was read is confirmed.
   * @param inputs how entries are made of the files of each path or pattern
   * @param states where to go on, by an earlier call. Default: where the state file says
   * @returns how far the files are confirmed
   */
  async follow(
    inputs: ReadonlyMap<string, EntryOptions>,
    choice: Omit<FollowOptions, 'inputs'>,
    signal: AbortSignal,
    states?: readonly FileState[],
  ): Promise<readonly FileState[]> {
    const { account, stopping, say } = this.#host;
    const streams = new Map<string, EntryStreams>();
    for (const [input, entries] of inputs) streams.set(input, this.#streams(entries));
    const follower = new Follower(
      { ...choice, inputs: [...inputs.keys()] },
      {
        account,
        openStream: (input) => {
          const opened = streams.get(input)?.open();
          if (opened === undefined) throw new Error(`the input ${input} is not followed`);
          return opened;
        },
        confirmed: async () => {
          if (!this.#isStored) await this.#muxer.barrier({ signal: stopping.waiting });
        },
        say,
        problem: (text) => this.problem(text),
      },
    );
    this.#follower = follower;
    try {
      await follower.run(signal, states);
      await this.allConfirmed();
      return await follower.end();
    } finally {
      await follower.close();
    }
  }

  /** Begins to listen. @throws what the system says of an address */
  listen(options: ListenOptions, entries: EntryOptions): Promise<Listeners> {
    const { account, listening, stopping, say } = this.#host;
    return Listeners.listen(options, {
      streams: this.#streams(entries),
      account,
      listening,
      limits: options,
      confirmed: async () => {
        if (!this.#isStored) await this.#sync();
      },
      say,
      failed: (error) => stopping.giveUp(error),
    });
  }

  /** Connects to a queue. @throws what cannot be used, or is not there */
  openQueue(
    choice: QueueChoice,
    entries: EntryOptions,
    timeoutMs: number | undefined,
  ): Promise<Queue> {
    const { account, stopping, say } = this.#host;
    const { tag, source } = entries;
    const times = choice.time === 'data' ? entries.times : undefined;
    const host = { isStored: this.#isStored, say };
    const writer = new QueueWriter(this.#muxer, { ...entries, times }, account, host);
    account.add(writer);
    return openQueue(choice, { writer, tag, source, say, timeoutMs, signal: stopping.reading });
  }

  /** Takes the messages of a queue until it is stopped, or ends itself, and all of them are acknowledged. */
  async pull(queue: Queue): Promise<void> {
    const { reading } = this.#host.stopping;
    const stop = () => queue.stop();
    reading.addEventListener('abort', stop);
    try {
      if (!reading.aborted) await queue.run();
    } finally {
      reading.removeEventListener('abort', stop);
    }
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

  #streams(entries: EntryOptions): EntryStreams {
    const { account, say } = this.#host;
    return new EntryStreams(this.#muxer, entries, account, say);
  }

  async #readToEnd(path: string, name: string, stream: EntryStream): Promise<void> {
    const { account, stopping } = this.#host;
    account.add(stream);
    try {
      const isWhole = await readInput(path, stream, account, stopping.reading);
      if (!isWhole) this.problem(`${name} was not read to its end`);
    } catch (error) {
      // The next input may be readable. Other errors hold for all of them.
      const isOwn = error instanceof InputError || (error as NodeJS.ErrnoException).syscall;
      if (!isOwn) throw error;
      this.problem(`${name}: ${(error as Error).message}`);
    } finally {
      account.close(stream);
    }
  }
}
