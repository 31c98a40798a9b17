import { createHistogram } from 'node:perf_hooks';
import { Balancer, type Policy } from '@ringest/core';
import { EventQueue } from '../shared/event-queue.js';
import { median } from '../shared/median.js';
import { SeededRandom } from '../shared/random.js';
import { SimulatedLane } from './simulated-lane.js';

const BATCH_BYTES = 65536;
/** What is written, as a share of what all indexers take on their good days. */
const LOAD = 0.7;
/** How long entries are written, and how often indexers change; milliseconds of the simulation. */
const DURATION = 5_000;
const CHANGE_INTERVAL = 1000;
/** How many indexers have a bad day at any time, and how many times as slow they are then. */
const BAD_SHARE = 0.05;
const BAD_SLOWNESS = 10;
/** What an indexer takes, bytes a millisecond, and how it differs between indexers. */
const MEDIAN_RATE = 10_000;
const RATE_SIGMA = 0.4;
/** Milliseconds that an indexer takes to confirm, at least and at most, and how many take long. */
const MIN_CONFIRMATION = 1;
const MAX_CONFIRMATION = 200;
const CONFIRMATION_ALPHA = 1;
/** How the time to confirm differs from batch to batch. */
const CONFIRMATION_SIGMA = 0.3;

/** How one policy did with so many indexers. */
export interface SimulationRow {
  readonly indexers: number;
  readonly policy: Policy;
  /**
   * The least and the greatest share of what was written that an indexer got, relative to its share
   * of all that they can take: 1 is what it can take.
   */
  readonly leastShare: number;
  readonly greatestShare: number;
  /** Milliseconds from when the ingester had a batch to its confirmation. */
  readonly meanMs: number;
  readonly p99Ms: number;
  /** Real nanoseconds that a decision takes here, averages and clock included. */
  readonly pickNs: number;
}

/**
 * Ships batches to indexers of skewed and changing rates and latencies in simulated time: no
 * socket, no thread, but the balancer itself, and the averages of real lanes. All policies meet
 * the same indexers, the same bad days and the same load.
 */
export function simulate(indexers: number, policy: Policy, seed: number): SimulationRow {
  const lanes = createLanes(indexers, seed);
  const days = new SeededRandom(seed + 1);
  const draws = new SeededRandom(seed + 2);
  const latency = createHistogram();
  let now = 0;
  const balancer = new Balancer(lanes, policy, BATCH_BYTES, {
    clock: { now: () => now },
    random: draws.uniform,
  });
  const confirmations = new EventQueue<SimulatedLane>();
  /** When the ingester had the batches that found no room. */
  const waiting: number[] = [];

  const place = (since: number): boolean => {
    const passedOver = new Set<SimulatedLane>();
    for (let lane = balancer.pick(); lane !== undefined; lane = balancer.pick(passedOver)) {
      if (lane.hasRoom(BATCH_BYTES)) {
        const isIdle = lane.unconfirmedBytes() === 0;
        lane.write(BATCH_BYTES, since, now);
        if (isIdle) confirmations.push(lane.nextConfirmation, lane);
        return true;
      }
      passedOver.add(lane);
    }
    return false;
  };
  const confirmUntil = (time: number) => {
    while (confirmations.nextTime <= time) {
      now = confirmations.nextTime;
      const lane = confirmations.pop();
      latency.record(Math.max(1, Math.round(lane.confirm(now) * 1000)));
      if (lane.unconfirmedBytes() > 0) confirmations.push(lane.nextConfirmation, lane);
      while (waiting.length > 0 && place(waiting[0] as number)) waiting.shift();
    }
    now = time;
  };

  const capacity = lanes.reduce((sum, lane) => sum + lane.capacity, 0);
  const interval = BATCH_BYTES / (capacity * LOAD);
  let nextChange = 0;
  for (let time = 0; time < DURATION; time += interval) {
    confirmUntil(time);
    if (time >= nextChange) {
      nextChange += CHANGE_INTERVAL;
      for (const lane of lanes) lane.slowness = days.uniform() < BAD_SHARE ? BAD_SLOWNESS : 1;
    }
    if (waiting.length > 0 || !place(time)) waiting.push(time);
  }
  const pickNs = timePicks(lanes, policy);
  const written = lanes.reduce((sum, lane) => sum + lane.writtenBytes, 0);
  const shares = lanes.map((lane) => lane.writtenBytes / written / (lane.capacity / capacity));
  confirmUntil(Number.MAX_SAFE_INTEGER);
  return {
    indexers,
    policy,
    leastShare: Math.min(...shares),
    greatestShare: Math.max(...shares),
    meanMs: latency.mean / 1000,
    p99Ms: latency.percentile(99) / 1000,
    pickNs,
  };
}

function createLanes(indexers: number, seed: number): SimulatedLane[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: indexers }, () => {
    const rate = random.logNormal(MEDIAN_RATE, RATE_SIGMA);
    const usual = Math.min(random.pareto(MIN_CONFIRMATION, CONFIRMATION_ALPHA), MAX_CONFIRMATION);
    return new SimulatedLane(rate, () => random.logNormal(usual, CONFIRMATION_SIGMA));
  });
}

/** Nanoseconds of a decision among the lanes as they stand, with the clock and chance of real use. */
function timePicks(lanes: readonly SimulatedLane[], policy: Policy): number {
  const balancer = new Balancer(lanes, policy, BATCH_BYTES);
  const rounds = Array.from({ length: 9 }, () => {
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) balancer.pick();
    return ((performance.now() - start) * 1e6) / 20_000;
  });
  return median(rounds);
}
