import { setTimeout as delay } from 'node:timers/promises';
import { ALL_INDEXERS, type PlannedFault } from './faults.js';
import type { FaultRecord } from './record/samples.js';
import type { Stage } from './stage.js';

/** Who is told of faults. */
export interface FaultWatch {
  /** Seconds since the start of the run. */
  readonly seconds: number;
  /** One is over. */
  add(fault: FaultRecord): void;
}

/**
 * Lets the faults of a plan come, each at its time, or later if the place takes long to be well again.
 * @param signal ends faults, and no more come
 * @throws what went wrong with a fault, once all places are well or have failed
 */
export async function runFaults(
  plan: Iterable<PlannedFault>,
  { indexers, parts }: Pick<Stage, 'indexers' | 'parts'>,
  watch: FaultWatch,
  signal: AbortSignal,
): Promise<void> {
  const start = watch.seconds;
  const places = [...indexers, ...parts];
  /** Until when each place has had its faults. */
  const last = new Map(places.map(({ name }) => [name, Promise.resolve()]));
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);
  for (const planned of plan) {
    const early = planned.atMs - (watch.seconds - start) * 1000;
    await delay(Math.max(early, 0), undefined, { signal: over }).catch(() => {});
    if (over.aborted) break;
    const names = indexers.map(({ name }) => name);
    const harmed = planned.place === ALL_INDEXERS ? names : [planned.place];
    const before = Promise.all(harmed.map((name) => last.get(name)));
    const suffering = before.then(async () => {
      if (over.aborted) return;
      const { fault, place } = planned;
      const seconds = watch.seconds;
      const those = places.filter(({ name }) => harmed.includes(name));
      const struck = (await Promise.all(those.map((one) => one.suffer(planned, over)))).flat();
      watch.add({ seconds, forSeconds: watch.seconds - seconds, place, fault, struck });
    });
    suffering.catch(() => failed.abort());
    for (const name of harmed) last.set(name, suffering);
  }
  await Promise.allSettled(last.values());
  await Promise.all(last.values());
}
