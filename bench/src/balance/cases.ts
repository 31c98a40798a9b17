import type { Policy } from '@ringest/core';
import type { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { BalanceLoad } from './load.js';

/** What a case found, one number for each policy. */
export type ByPolicy = Readonly<Record<Policy, number>>;

/** How long a slow or far indexer takes to confirm, in milliseconds. */
const DELAY = 50;

const EQUAL = { warmUp: 1000, duration: 5000 };
const ONE_SLOW = { rounds: 20, warmUp: 100, duration: 250 };
const JUMP = { rounds: 3, entriesPerSecond: 300_000, before: 500, after: 1000, window: 50 };
const FAR = { rounds: 3, warmUp: 200, duration: 500 };

/** How much more the indexer that gets the most gets than the one that gets the least, as a share of that. */
export function deviationOfEquals(indexers: readonly IndexerChild[]): Promise<ByPolicy> {
  return forEach(async (policy) => {
    await using load = await BalanceLoad.start(addresses(indexers), policy);
    await load.flood(0, EQUAL.warmUp);
    const before = load.written();
    await load.flood(EQUAL.duration, 0);
    const shares = since(before, load.written());
    return Math.max(...shares) / Math.min(...shares) - 1;
  });
}

/**
 * Throughput to all indexers, the first of them slow, relative to that of the others alone. Short
 * rounds, each policy compared with the same round's rate of the others, everyone first in turn: a
 * machine that has more to do for a while spoils no one.
 */
export async function ratioWithOneSlow(indexers: readonly IndexerChild[]): Promise<ByPolicy> {
  const { rounds, warmUp, duration } = ONE_SLOW;
  const slow = first(indexers);
  await slow.delay(DELAY);
  const all = addresses(indexers);
  await using alone = await BalanceLoad.start(all.slice(1), 'expectedTime');
  await using expectedTime = await BalanceLoad.start(all, 'expectedTime');
  await using roundRobin = await BalanceLoad.start(all, 'roundRobin');
  await using leastOutstanding = await BalanceLoad.start(all, 'leastOutstanding');
  const loads = [alone, expectedTime, roundRobin, leastOutstanding];
  const rates: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const ofRound: number[] = [];
    for (let i = 0; i < loads.length; i++) {
      const turn = (i + round) % loads.length;
      ofRound[turn] = await (loads[turn] as BalanceLoad).flood(duration, warmUp);
    }
    rates.push(ofRound);
  }
  await slow.delay(0);
  const ratio = (load: BalanceLoad) => {
    const at = loads.indexOf(load);
    return median(rates.map((ofRound) => (ofRound[at] ?? 0) / first(ofRound)));
  };
  return {
    expectedTime: ratio(expectedTime),
    roundRobin: ratio(roundRobin),
    leastOutstanding: ratio(leastOutstanding),
  };
}

/**
 * Seconds from when the first indexer begins to be slow until it gets less than half of an equal
 * share for good; `Infinity`: not as long as it was watched.
 */
export function secondsToShift(indexers: readonly IndexerChild[]): Promise<ByPolicy> {
  return forEach(async (policy) => {
    await using load = await BalanceLoad.start(addresses(indexers), policy);
    const seconds: number[] = [];
    for (let round = 0; round < JUMP.rounds; round++) {
      seconds.push(await watchJump(load, indexers));
    }
    return median(seconds);
  });
}

async function watchJump(load: BalanceLoad, indexers: readonly IndexerChild[]): Promise<number> {
  const { entriesPerSecond, before, after, window } = JUMP;
  await load.pace(entriesPerSecond, before);
  await first(indexers).delay(DELAY);
  const start = performance.now();
  const looks = [{ seconds: 0, written: load.written() }];
  while (performance.now() - start < after) {
    await load.pace(entriesPerSecond, window);
    looks.push({ seconds: (performance.now() - start) / 1000, written: load.written() });
  }
  await first(indexers).delay(0);
  const isLow = (from: readonly number[], to: readonly number[]) => {
    const counts = since(from, to);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return first(counts) < (0.5 / indexers.length) * total;
  };
  const atEnd = looks.at(-1)?.written ?? [];
  for (const [i, { written }] of looks.entries()) {
    const next = looks[i + 1];
    if (next !== undefined && isLow(written, next.written) && isLow(written, atEnd)) {
      return next.seconds;
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** Entries a second to a single indexer that is far away. */
export async function rateToOneFarAway(indexers: readonly IndexerChild[]): Promise<ByPolicy> {
  const far = first(indexers);
  await far.delay(DELAY);
  const rates = await forEach(async (policy) => {
    await using load = await BalanceLoad.start([far.address], policy);
    const rounds: number[] = [];
    for (let round = 0; round < FAR.rounds; round++) {
      rounds.push(await load.flood(FAR.duration, FAR.warmUp));
    }
    return median(rounds);
  });
  await far.delay(0);
  return rates;
}

/** One policy after the other. */
async function forEach<Value>(
  run: (policy: Policy) => Promise<Value>,
): Promise<Record<Policy, Value>> {
  return {
    expectedTime: await run('expectedTime'),
    roundRobin: await run('roundRobin'),
    leastOutstanding: await run('leastOutstanding'),
  };
}

function addresses(indexers: readonly IndexerChild[]): string[] {
  return indexers.map(({ address }) => address);
}

function since(before: readonly number[], now: readonly number[]): number[] {
  return now.map((count, i) => count - (before[i] ?? 0));
}

function first<Value>(values: readonly Value[]): Value {
  return values[0] as Value;
}
