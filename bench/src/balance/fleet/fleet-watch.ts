import type { Fleet } from './fleet.js';
import type { FleetIndexer } from './fleet-indexer.js';
import type { FleetLane } from './fleet-lane.js';

/** Milliseconds between looks. */
export const LOOK_MS = 100;

/** What was seen at one time. */
export interface FleetLook {
  /** Milliseconds from the start. */
  readonly at: number;
  /** What each of the indexers that something happens to got, on average; 1 is an equal share of all. */
  readonly affected: number;
  /** What the one of the others got that got the most. */
  readonly greatestOther: number;
  /** Milliseconds of load that are not confirmed. */
  readonly unconfirmedMs: number;
  /** How often the affected indexers were dialled since the look before. */
  readonly dials: number;
  /** How often the one that was dialled the most was. */
  readonly mostDials: number;
  /** Connections to affected indexers. */
  readonly connections: number;
}

/** What happened in a while. */
export interface FleetSpan {
  /**
   * How much the load of an affected indexer varied, beside what it would if no ingester did what others do.
   * 1: none does; as many as there are ingesters: all do the same at the same time.
   */
  readonly herd: number;
  /** Milliseconds until something was confirmed: the mean, and what 99 % did not exceed. */
  readonly meanMs: number;
  readonly p99Ms: number;
}

/** What an ingester writes to an indexer. */
class Flow {
  readonly lane: FleetLane;
  sum = 0;
  squares = 0;
  #written: number;

  constructor(lane: FleetLane) {
    this.lane = lane;
    this.#written = lane.writtenBytes;
  }

  /** Returns how much was written since the last call. */
  look(): number {
    const bytes = this.lane.writtenBytes - this.#written;
    this.#written = this.lane.writtenBytes;
    this.sum += bytes;
    this.squares += bytes * bytes;
    return bytes;
  }
}

/** All that goes to an indexer. */
class Inflow {
  readonly indexer: FleetIndexer;
  readonly flows: readonly Flow[];
  sum = 0;
  squares = 0;
  dials = 0;

  constructor(indexer: FleetIndexer) {
    this.indexer = indexer;
    this.flows = indexer.lanes.map((lane) => new Flow(lane));
  }

  /** Returns the bytes since the last call. */
  look(): number {
    let bytes = 0;
    for (const flow of this.flows) bytes += flow.look();
    this.sum += bytes;
    this.squares += bytes * bytes;
    return bytes;
  }
}

/** Looks at a fleet again and again. */
export class FleetWatch {
  readonly looks: FleetLook[] = [];
  readonly #fleet: Fleet;
  readonly #inflows: readonly Inflow[];
  readonly #affected: number;
  /** Bytes that an indexer gets between looks when all get the same. */
  readonly #equal: number;
  #count = 0;

  /** @param affected how many of the indexers, from the first one on, something happens to */
  constructor(fleet: Fleet, affected: number) {
    this.#fleet = fleet;
    this.#inflows = fleet.indexers.map((indexer) => new Inflow(indexer));
    this.#affected = affected;
    this.#equal = (fleet.rate * LOOK_MS) / fleet.indexers.length;
  }

  /** Lets the fleet work up to a time, and looks at it now and then. */
  watchUntil(time: number): void {
    const { time: clock } = this.#fleet;
    while (clock.now() < time) {
      clock.runUntil(Math.min(clock.now() + LOOK_MS, time));
      this.#look();
    }
  }

  /** Returns what happened since the last call. */
  takeSpan(): FleetSpan {
    const { latency } = this.#fleet;
    const affected = this.#inflows.slice(0, this.#affected);
    const ratios = affected.map((inflow) => {
      const single = inflow.flows.reduce((sum, flow) => sum + this.#variance(flow), 0);
      return single === 0 ? 1 : this.#variance(inflow) / single;
    });
    const span = {
      herd: ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length,
      meanMs: latency.mean / 1000,
      p99Ms: latency.percentile(99) / 1000,
    };
    latency.reset();
    this.#count = 0;
    for (const inflow of this.#inflows) {
      inflow.sum = 0;
      inflow.squares = 0;
      for (const flow of inflow.flows) {
        flow.sum = 0;
        flow.squares = 0;
      }
    }
    return span;
  }

  #variance({ sum, squares }: { readonly sum: number; readonly squares: number }): number {
    return squares / this.#count - (sum / this.#count) ** 2;
  }

  #look(): void {
    const { time, rate, unconfirmedBytes } = this.#fleet;
    const loads = this.#inflows.map((inflow) => inflow.look() / this.#equal);
    const affected = this.#inflows.slice(0, this.#affected);
    const dials = affected.map((inflow) => {
      const since = inflow.indexer.dials - inflow.dials;
      inflow.dials = inflow.indexer.dials;
      return since;
    });
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    this.looks.push({
      at: time.now(),
      affected: sum(loads.slice(0, this.#affected)) / this.#affected,
      greatestOther: Math.max(0, ...loads.slice(this.#affected)),
      unconfirmedMs: unconfirmedBytes / rate,
      dials: sum(dials),
      mostDials: Math.max(...dials),
      connections: sum(
        affected.map(({ flows }) => flows.reduce((hot, { lane }) => hot + Number(lane.isHot), 0)),
      ),
    });
    this.#count++;
  }
}
