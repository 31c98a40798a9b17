import { hostname } from 'node:os';
import {
  decodeIngesterState,
  EMPTY_INGESTER_STATE,
  encodeIngesterState,
  encodeIngesterStateJson,
  type IngesterState,
  Timestamp,
} from '@ringest/codec';
import { type Clock, type Identity, type Lane, realClock, type Timer } from '@ringest/workers';
import { InvalidArgumentError, InvalidStateError } from '../errors.js';
import { OncePerTurn } from '../once-per-turn.js';
import type { SelfLog } from './self-log.js';

/** How often the state is sent while entries flow (§8). */
const FLOWING_INTERVAL_MS = 30_000;
/** How often the state is sent while nothing flows (§8). */
const IDLE_INTERVAL_MS = 300_000;

/** How much was written since the start. */
export interface Flow {
  readonly entries: number;
  /** Bytes of data. */
  readonly bytes: number;
}

/** Where a reporter reads the ingester's state. */
export interface StateSubject {
  readonly identity: Identity;
  /** All lanes; it may grow and shrink. */
  readonly lanes: readonly Lane[];
  readonly log: SelfLog;
  label(): string;
  tags(): readonly string[];
  flow(): Flow;
  cache(): CacheFill;
}

/** How full the disk cache is. */
export interface CacheFill {
  /** The mode of the cache; empty: there is no cache. */
  readonly state: string;
  /** The size of the cache in bytes. */
  readonly size: number;
}

/** The state of a part of the ingester (§8). A field that is left out is empty; `lastSeen` is now. */
export type ChildState = Partial<IngesterState>;

/** Sends the ingester's state to every indexer, by the rules of §8. */
export class StateReporter {
  readonly #subject: StateSubject;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #children = new Map<string, IngesterState>();
  #configuration: unknown;
  #metadata: unknown;
  #timer: Timer | undefined;
  /** When the state was last sent to all indexers, and how much had flowed by then. */
  #sentAt = 0;
  #sentFlow = 0;
  #sentCacheSize = 0;
  readonly #sendingAll = new OncePerTurn(() => this.#sendToAll());

  constructor(subject: StateSubject, clock = realClock) {
    this.#subject = subject;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  start(): void {
    this.#sentAt = this.#clock.now();
    this.#timer = this.#clock.every(FLOWING_INTERVAL_MS, () => this.#sendIfDue());
    this.#timer.unref();
  }

  stop(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  /**
   * Sets the metadata in the state.
   * @param metadata any value that JSON can hold; `undefined` removes it
   * @throws {InvalidStateError} the value cannot be written as JSON
   */
  setMetadata(metadata: unknown): void {
    this.#metadata = plain('the metadata', metadata);
    this.changed();
  }

  /**
   * Sets the ingester's configuration in the state.
   * @param configuration any value that JSON can hold; `undefined` removes it
   * @throws {InvalidStateError} the value cannot be written as JSON
   */
  setConfiguration(configuration: unknown): void {
    this.#configuration = plain('the configuration', configuration);
    this.changed();
  }

  /**
   * Adds a copy of a child's state. It replaces an earlier one of the same name. A child without
   * `lastSeen` was seen now.
   * @throws {InvalidArgumentError} the name is not a string, or the state is not an object
   * @throws {InvalidStateError} the state cannot be written as JSON
   */
  registerChild(name: string, child: ChildState): void {
    if (typeof name !== 'string') {
      throw new InvalidArgumentError('name', name, 'the name of the child');
    }
    if (typeof child !== 'object' || child === null) {
      throw new InvalidArgumentError(
        'state',
        child,
        'an object; a field that is left out is empty',
      );
    }
    this.#children.set(name, copyOf(name, { lastSeen: Timestamp.now(), ...child }));
    this.changed();
  }

  /** Removes the state of a child. Returns whether there was one. */
  unregisterChild(name: string): boolean {
    const was = this.#children.delete(name);
    if (was) this.changed();
    return was;
  }

  /** Sends the state to all indexers at the end of this turn of the event loop. */
  changed(): void {
    if (this.#timer !== undefined) this.#sendingAll.schedule();
  }

  /** Sends the state to the indexer of a lane that has a new connection. */
  laneIsHot(lane: Lane): void {
    this.#sendTo([lane]);
  }

  /** Returns the present state, with the local address of a lane's connection. */
  state(lane: Lane): IngesterState {
    const { identity, label, tags, flow, cache } = this.#subject;
    const { entries, bytes } = flow();
    const { state: cacheState, size: cacheSize } = cache();
    return {
      ...EMPTY_INGESTER_STATE,
      ...identity,
      label: label(),
      ip: lane.session?.localAddress ?? '',
      hostname: hostname(),
      entries,
      size: bytes,
      uptime: Math.round((this.#clock.now() - this.#startedAt) * 1e6),
      tags: tags(),
      cacheState,
      cacheSize,
      lastSeen: Timestamp.now(),
      children: this.#children,
      configuration: this.#configuration,
      metadata: this.#metadata,
    };
  }

  #sendIfDue(): void {
    const hasFlowed =
      this.#flowed() !== this.#sentFlow || this.#subject.cache().size !== this.#sentCacheSize;
    // Timers come a little early: the next one would be half a minute late.
    const isLong = this.#clock.now() - this.#sentAt >= IDLE_INTERVAL_MS - FLOWING_INTERVAL_MS / 2;
    if (hasFlowed || isLong) this.#sendToAll();
  }

  #sendToAll(): void {
    this.#sentAt = this.#clock.now();
    this.#sentFlow = this.#flowed();
    this.#sentCacheSize = this.#subject.cache().size;
    this.#sendTo(this.#subject.lanes);
  }

  /** Counts entries without those of the self log, which an idle ingester writes now and then. */
  #flowed(): number {
    const { log, flow } = this.#subject;
    return flow().entries - log.ingested;
  }

  #sendTo(lanes: readonly Lane[]): void {
    for (const lane of lanes) {
      if (!lane.isHot) continue;
      try {
        lane.sendState(encodeIngesterState(this.state(lane)));
      } catch (err) {
        this.#subject.log.warn({ err }, 'the ingester state could not be sent');
        return;
      }
    }
  }
}

/**
 * Copies a value by writing it as JSON.
 * @throws {InvalidStateError} the value cannot be written as JSON
 */
function plain(what: string, value: unknown): unknown {
  if (value === undefined) return undefined;
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidStateError(what, { cause });
  }
  if (json === undefined) throw new InvalidStateError(what);
  return JSON.parse(json);
}

/**
 * Copies the state of a child and of its children by writing it as JSON.
 * @throws {InvalidStateError} the state cannot be written as JSON
 */
function copyOf(name: string, child: ChildState): IngesterState {
  try {
    const children = new Map(child.children);
    const json = encodeIngesterStateJson({ ...EMPTY_INGESTER_STATE, ...child, children });
    return decodeIngesterState(Buffer.from(json));
  } catch (cause) {
    throw new InvalidStateError(`child ${name}`, { cause });
  }
}
