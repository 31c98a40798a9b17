import { median } from '../../../shared/median.js';
import type { ProcessSample } from './samples.js';

/** What must not grow for ever. */
const METRICS = {
  memory: { of: ({ rssBytes }: ProcessSample) => rssBytes, least: 32 * 2 ** 20 },
  descriptors: { of: ({ descriptors }: ProcessSample) => descriptors, least: 16 },
  threads: { of: ({ threads }: ProcessSample) => threads, least: 4 },
} as const;

export type GrowthMetric = keyof typeof METRICS;

/** How a metric of a process went in the second half of a run. */
export interface Growth {
  readonly name: string;
  readonly metric: GrowthMetric;
  /** What was looked at: the longest life of the process in the second half. */
  readonly seconds: number;
  /** The median of the first third of that. */
  readonly before: number;
  /** The slope, by which the half of all pairs of samples rises faster and the other half slower. */
  readonly perHour: number;
  /** `short`: it is too short to tell. */
  readonly verdict: 'steady' | 'leak' | 'short';
}

/** A window is judged from this length on. A process grows while it warms up. */
export const LEAST_SECONDS = 600;
const LEAST_SAMPLES = 30;
/** What counts as a leak: so much of what there was, and no less than the metric's `least`. */
export const LEAK_SHARE = 0.25;

/** Samples whose pairs are looked at. */
const MOST_SAMPLES = 200;

/** The rule, for people. */
export const GROWTH_RULE =
  `The second half of the run is looked at, and there the longest life of each process; less than ${LEAST_SECONDS / 60} ` +
  'minutes are not judged. The slope is the median of the slopes of all pairs of samples. It is a leak ' +
  `where that makes over ${LEAK_SHARE * 100} % of what there was, and over ${METRICS.memory.least / 2 ** 20} MiB, ` +
  `${METRICS.descriptors.least} descriptors or ${METRICS.threads.least} threads, within that time, and the ` +
  'last third was never as low as the median of the first.';

/**
 * Judges all processes by their samples.
 * @param samples in the order of time
 */
export function judgeGrowth(samples: readonly ProcessSample[]): Growth[] {
  const end = samples.at(-1)?.seconds ?? 0;
  const half = samples.filter(({ seconds }) => seconds >= end / 2);
  const names = [...new Set(samples.map(({ name }) => name))];
  return names.flatMap((name) => {
    const life = longestLife(half.filter((sample) => sample.name === name));
    return (Object.keys(METRICS) as GrowthMetric[]).map((metric) => judge(name, metric, life));
  });
}

/** The samples of the process that was there for longest. */
function longestLife(samples: readonly ProcessSample[]): ProcessSample[] {
  const pids = [...new Set(samples.map(({ pid }) => pid))];
  const lives = pids.map((pid) => samples.filter((sample) => sample.pid === pid));
  const [longest = []] = lives.toSorted((a, b) => spanOf(b) - spanOf(a));
  return longest;
}

function spanOf(samples: readonly ProcessSample[]): number {
  return (samples.at(-1)?.seconds ?? 0) - (samples[0]?.seconds ?? 0);
}

function judge(name: string, metric: GrowthMetric, life: readonly ProcessSample[]): Growth {
  const { of, least } = METRICS[metric];
  const seconds = spanOf(life);
  if (life.length < 3) {
    return {
      name,
      metric,
      seconds,
      before: life[0] ? of(life[0]) : 0,
      perHour: 0,
      verdict: 'short',
    };
  }
  const third = Math.floor(life.length / 3);
  const before = median(life.slice(0, third).map(of));
  const lowestAfter = Math.min(...life.slice(-third).map(of));
  const perSecond = slope(life, of);
  const limit = Math.max(least, before * LEAK_SHARE);
  const isLeak = perSecond * seconds > limit && lowestAfter > before;
  const isShort = seconds < LEAST_SECONDS || life.length < LEAST_SAMPLES;
  const verdict = isShort ? 'short' : isLeak ? 'leak' : 'steady';
  return { name, metric, seconds, before, perHour: perSecond * 3600, verdict };
}

/** The Theil-Sen estimate: a few wild samples change nothing. */
function slope(samples: readonly ProcessSample[], of: (sample: ProcessSample) => number): number {
  const step = Math.ceil(samples.length / MOST_SAMPLES);
  const some = samples.filter((_, i) => i % step === 0);
  const slopes = some.flatMap((a, i) =>
    some.slice(i + 1).map((b) => (of(b) - of(a)) / (b.seconds - a.seconds)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
