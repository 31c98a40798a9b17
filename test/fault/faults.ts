import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../../bench/dist/balance-random.js';
import type { Victim } from '../support/victim.js';

/** Milliseconds. */
export interface FaultTimes {
  /** What a muxer takes for the silence of an indexer that is gone. */
  readonly silence: number;
  /** From the end of one fault of a victim to the next, at most. */
  readonly calm: number;
}

/** What was done to the victims. */
export interface FaultCounts {
  kills: number;
  /** Stops for longer than the silence. */
  hangs: number;
  /** Shorter ones. */
  pauses: number;
}

/** Does one fault after the other to a victim until the signal, a kill first, and leaves it running. */
export async function torment(
  victim: Victim,
  random: SeededRandom,
  { silence, calm }: FaultTimes,
  counts: FaultCounts,
  signal: AbortSignal,
): Promise<void> {
  const between = (least: number, most: number) => least + random.uniform() * (most - least);
  // A wait that ends early is as good: the fault is undone then.
  const wait = (milliseconds: number) => delay(milliseconds, undefined, { signal }).catch(() => {});
  for (let isFirst = true; ; isFirst = false) {
    await wait(between(calm / 10, calm));
    // However short the load: no victim gets away without a kill.
    if (signal.aborted && !isFirst) return;
    const kind = isFirst ? 1 : random.uniform();
    const isStopped = kind < 0.5;
    if (isStopped) {
      const isHang = kind < 0.35;
      counts[isHang ? 'hangs' : 'pauses']++;
      victim.stop();
      await wait(isHang ? between(1.2 * silence, 3 * silence) : between(1, silence / 2));
    }
    if (kind < 0.2 || kind >= 0.5) {
      counts.kills++;
      await victim.kill();
      if (random.uniform() < 0.7) await wait(between(0, calm));
      // Most come back with other numbers for the tags.
      await victim.start(random.uniform() < 0.3 ? 1000 : Math.floor(between(100, 60_000)));
    } else {
      victim.goOn();
    }
  }
}
