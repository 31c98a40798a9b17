import { BlockList, isIPv4 } from 'node:net';
import type { MuxerTag } from '@ringest/codec';
import {
  type ConnectionError,
  Lane,
  LanePool,
  type SharedMemoryPool,
  type Throttling,
} from '@ringest/workers';
import type { Configuration } from '../configuration/configuration.js';
import type { Target } from '../configuration/targets/index.js';
import { AllTargetsFailedError, NotHotError } from '../errors.js';
import type { OncePerTurn } from '../once-per-turn.js';
import type { HotWaitOptions } from '../wait.js';
import { HotWaiters } from './hot-waiters.js';

/** What the lanes report to the muxer. */
export interface LanesEvents {
  hot(lane: Lane): void;
  lost(error: ConnectionError, retryInMs: number): void;
  /** The lane's indexer refuses a tag that it did not refuse before. */
  tagRefused(lane: Lane, tag: MuxerTag): void;
  /** The lane's indexer has asked for pauses. It is reported every ten seconds at most. */
  throttled(lane: Lane, throttling: Throttling): void;
  /** A lane is hot or lost, or its indexer has answered for a tag. */
  changed(): void;
  /** No lane is left. */
  allFailed(error: AllTargetsFailedError): void;
  /** Something failed that is not tried again. */
  failed(error: Error, message: string): void;
}

/**
 * The address by which others know this machine: the first that is not a loopback address, else the first.
 */
export function preferredAddress(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !LOOPBACK.check(address, familyOf(address))) ?? addresses[0];
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** All lanes of a muxer, and the threads that run them. */
export class Lanes {
  readonly #all: Lane[];
  readonly #create: (target: Target) => Lane[];
  readonly #workers: number;
  readonly #events: LanesEvents;
  readonly #hotWaiters = new HotWaiters();
  #pool: LanePool | undefined;
  #lastError: Error | undefined;
  #failure: AllTargetsFailedError | undefined;

  /**
   * @param tags names by number; it may grow
   * @param progress runs when there may be room, or entries are confirmed
   */
  constructor(
    configuration: Configuration,
    tags: readonly string[],
    sharedMemory: SharedMemoryPool,
    progress: OncePerTurn,
    events: LanesEvents,
  ) {
    const { targets, connectionsPerTarget, workers } = configuration;
    const { identity, minVersion, rateLimit, times, ringBytes } = configuration;
    this.#workers = workers;
    this.#events = events;
    const options = {
      identity,
      minVersion,
      rateLimit,
      times,
      ringBytes,
      tags,
      sharedMemory,
      events: {
        hot: (lane: Lane) => this.#isHot(lane),
        lost: (_lane: Lane, error: ConnectionError, retryInMs: number) => {
          this.#lastError = error;
          events.changed();
          events.lost(error, retryInMs);
        },
        fatal: (_lane: Lane, error: Error) => this.#hasFailed(error),
        tagRefused: (lane: Lane, tag: MuxerTag) => events.tagRefused(lane, tag),
        tagAnswered: () => events.changed(),
        throttled: (lane: Lane, throttling: Throttling) => events.throttled(lane, throttling),
        wake: () => progress.now(),
      },
    };
    this.#create = (target) =>
      Array.from({ length: connectionsPerTarget }, () => new Lane({ ...options, ...target }));
    this.#all = targets.flatMap(this.#create);
  }

  /** All lanes. It grows and shrinks as targets come and go. */
  get all(): readonly Lane[] {
    return this.#all;
  }

  /** Adds the lanes of one more target. They connect at once, if the others do. */
  add(target: Target): readonly Lane[] {
    const lanes = this.#create(target);
    this.#all.push(...lanes);
    if (this.#pool !== undefined) for (const lane of lanes) lane.start(this.#pool);
    return lanes;
  }

  /** Removes a lane that is closed. If all that are left have given up for good, so has the muxer. */
  remove(lane: Lane): void {
    this.#all.splice(this.#all.indexOf(lane), 1);
    const failed = this.#all.find(({ fatalError }) => fatalError !== undefined);
    if (failed?.fatalError !== undefined) this.#checkFailure(failed.fatalError);
  }

  /** Why no lane is left; `undefined`: one is. */
  get failure(): AllTargetsFailedError | undefined {
    return this.#failure;
  }

  start(): void {
    const pool = new LanePool(this.#workers, (error) =>
      this.#events.failed(error, 'a worker thread failed'),
    );
    this.#pool = pool;
    for (const lane of this.all) lane.start(pool);
  }

  hot(): number {
    return this.all.reduce((count, lane) => (lane.isHot ? count + 1 : count), 0);
  }

  /** @throws {WaitTimeoutError} its `cause` is the last problem of a connection */
  async waitForHot(options: HotWaitOptions): Promise<void> {
    if (this.hot() === 0) await this.#hotWaiters.add(options, () => this.#lastError);
  }

  /** @throws {NotHotError} */
  sourceIP(): string {
    const addresses = this.all.flatMap(({ isHot, session }) =>
      isHot && session !== undefined ? [session.localAddress] : [],
    );
    const address = preferredAddress(addresses);
    if (address === undefined) throw new NotHotError(this.#lastError);
    return address;
  }

  /** The disk cache takes entries again. */
  cacheWorks(): void {
    this.#hotWaiters.cacheWorks();
  }

  /** Rejects all promises of `waitForHot`. */
  stopWaiting(error: Error): void {
    this.#hotWaiters.rejectAll(error);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((lane) => lane.close()));
    await this.#pool?.close();
  }

  /** Entries in rings that are not confirmed. Exact once the lanes are closed. */
  unconfirmedEntries(): number {
    return this.all.reduce((sum, lane) => sum + lane.unconfirmedEntries(), 0);
  }

  #isHot(lane: Lane): void {
    this.#hotWaiters.resolveAll();
    this.#events.changed();
    this.#events.hot(lane);
  }

  #hasFailed(error: Error): void {
    this.#lastError = error;
    if (!this.#checkFailure(error)) this.#events.changed();
    this.#events.failed(error, 'a lane has given up for good');
  }

  /** Returns whether no lane is left that has not given up. */
  #checkFailure(error: Error): boolean {
    if (this.#all.some(({ fatalError }) => fatalError === undefined)) return false;
    this.#failure = new AllTargetsFailedError(error);
    this.#hotWaiters.rejectAll(this.#failure);
    this.#events.allFailed(this.#failure);
    return true;
  }
}
