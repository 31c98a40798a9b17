import { median } from '../../../shared/median.js';
import type { Fault } from '../faults.js';
import type { SoakOutcome } from '../outcome.js';
import type { FaultRecord, ProcessSample } from './samples.js';

/** How parts recovered from faults of one kind, in seconds. */
export interface Recovery {
  readonly fault: Fault;
  /** How often one recovered from one. */
  readonly count: number;
  readonly median: number;
  readonly worst: number;
  /** Of the worst one: the part, and when the fault ended. */
  readonly part: string;
  readonly endedAt: number;
}

type Recorded = Pick<SoakOutcome, 'faults' | 'parts' | 'indexers' | 'samples'>;

/** The faults that a part has to do with: those of the indexers, and its own. */
export function faultsOf(
  part: string,
  { faults, indexers }: Pick<Recorded, 'faults' | 'indexers'>,
): FaultRecord[] {
  return faults.filter(
    ({ place, struck }) => place === part || struck.some(({ name }) => indexers.includes(name)),
  );
}

/**
 * By kinds of faults, how long it took from the end of a fault until a part that had to do with it had confirmed all that
 * it had written by then. A part is looked at once for each sample: that much is not known.
 */
export function recoveries(recorded: Recorded): Recovery[] {
  const found = recorded.parts.flatMap(({ name: part }) => {
    const samples = recorded.samples.filter((sample) => sample.name === part);
    return faultsOf(part, recorded).flatMap(({ fault, seconds, forSeconds }) => {
      const endedAt = seconds + forSeconds;
      const took = recoveredAfter(samples, endedAt);
      return took === undefined ? [] : [{ fault, part, endedAt, took }];
    });
  });
  return [...new Set(found.map(({ fault }) => fault))].map((fault) => {
    const own = found.filter((one) => one.fault === fault);
    const times = own.map(({ took }) => took);
    const worst = Math.max(...times);
    const { part = '', endedAt = 0 } = own.find(({ took }) => took === worst) ?? {};
    return { fault, count: own.length, median: median(times), worst, part, endedAt };
  });
}

/** `undefined`: the record ends before. */
function recoveredAfter(samples: readonly ProcessSample[], time: number): number | undefined {
  const written = samples.findLast(({ seconds }) => seconds <= time)?.counts?.written ?? 0;
  const recovered = samples.find(
    ({ seconds, counts }) => seconds >= time && counts !== undefined && counts.confirmed >= written,
  );
  return recovered === undefined ? undefined : recovered.seconds - time;
}
