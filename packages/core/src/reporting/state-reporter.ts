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
import type { SelfLog } from './self-log.js';

/** How often the state is told if entries flowed, and in any case, in milliseconds (§8). */
const FLOWING_INTERVAL_MS = 30_000;
const IDLE_INTERVAL_MS = 300_000;

/** What changes by itself. */
export interface Flow {
  readonly entries: number;
  /** Bytes of data. */
  readonly bytes: number;
}

/** What a reporter reports about. */
export interface StateSubject {
  readonly identity: Identity;
  readonly label: string;
  readonly lanes: readonly Lane[];
  readonly log: SelfLog;
  tags(): readonly string[];
  flow(): Flow;
  cache(): CacheFill;
}

/** What is in the disk cache; without one, nothing. */
export interface CacheFill {
  /** Its mode; empty: there is none. */
  readonly state: string;
  /** Bytes. */
  readonly size: number;
}

/** A child as it is registered; what is left out is empty. */
export type ChildState = Partial<IngesterState>;

/** Tells every indexer the ingester's state, by the rules of §8. */
export class StateReporter {
  readonly #subject: StateSubject;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #children = new Map<string, IngesterState>();
  #configuration: unknown;
  #metadata: unknown;
  #timer: Timer | undefined;
  /** When all indexers were told last, and how much had flowed then. */
  #toldAt = 0;
  #toldFlow = 0;
  #toldCacheSize = 0;
  #isTellingDue = false;

  constructor(subject: StateSubject, clock = realClock) {
    this.#subject = subject;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  start(): void {
    this.#toldAt = this.#clock.now();
    this.#timer = this.#clock.every(FLOWING_INTERVAL_MS, () => this.#tellIfDue());
    this.#timer.unref();
  }

  stop(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  /**
   * @param metadata anything that JSON can hold; `undefined`: none
   * @throws {InvalidStateError}
   */
  setMetadata(metadata: unknown): void {
    this.#metadata = plain('the metadata', metadata);
    this.changed();
  }

  /** The same for the configuration. */
  setConfiguration(configuration: unknown): void {
    this.#configuration = plain('the configuration', configuration);
    this.changed();
  }

  /**
   * A child of a name, instead of an earlier one; it is copied.
   * @throws {InvalidArgumentError} no name, or no object
   * @throws {InvalidStateError}
   */
  registerChild(name: string, child: ChildState): void {
    if (typeof name !== 'string') {
      throw new InvalidArgumentError('name', name, 'the name of the child');
    }
    if (typeof child !== 'object' || child === null) {
      throw new InvalidArgumentError('state', child, 'an object; what is left out of it is empty');
    }
    this.#children.set(name, copyOf(name, child));
    this.changed();
  }

  unregisterChild(name: string): boolean {
    const was = this.#children.delete(name);
    if (was) this.changed();
    return was;
  }

  /** Something changed: all indexers are told at the end of this event-loop turn. */
  changed(): void {
    if (this.#isTellingDue || this.#timer === undefined) return;
    this.#isTellingDue = true;
    setImmediate(() => {
      this.#isTellingDue = false;
      this.#tellAll();
    });
  }

  /** A lane has a new connection, whose indexer knows nothing. */
  laneIsHot(lane: Lane): void {
    this.#tell([lane]);
  }

  /** As it is now, for the indexer at the end of a lane. */
  state(lane: Lane): IngesterState {
    const { identity, label, tags, flow, cache } = this.#subject;
    const { entries, bytes } = flow();
    const { state: cacheState, size: cacheSize } = cache();
    return {
      ...EMPTY_INGESTER_STATE,
      ...identity,
      label,
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

  #tellIfDue(): void {
    const hasFlowed =
      this.#flowed() !== this.#toldFlow || this.#subject.cache().size !== this.#toldCacheSize;
    // Timers come a little early: the next one would be half a minute late.
    const isLong = this.#clock.now() - this.#toldAt >= IDLE_INTERVAL_MS - FLOWING_INTERVAL_MS / 2;
    if (hasFlowed || isLong) this.#tellAll();
  }

  #tellAll(): void {
    this.#toldAt = this.#clock.now();
    this.#toldFlow = this.#flowed();
    this.#toldCacheSize = this.#subject.cache().size;
    this.#tell(this.#subject.lanes);
  }

  /** Entries but for those of the own log: an idle ingester has such now and then. */
  #flowed(): number {
    const { log, flow } = this.#subject;
    return flow().entries - log.ingested;
  }

  #tell(lanes: readonly Lane[]): void {
    for (const lane of lanes) {
      if (!lane.isHot) continue;
      try {
        lane.tellState(encodeIngesterState(this.state(lane)));
      } catch (err) {
        this.#subject.log.warn({ err }, 'the ingester state cannot be told');
        return;
      }
    }
  }
}

/**
 * A copy of a value as JSON has it.
 * @throws {InvalidStateError}
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
 * A copy of a child and of all below it, as indexers are told it.
 * @throws {InvalidStateError}
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
