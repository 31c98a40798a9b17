import type { Point } from '../figures/time-figure.js';
import type { LaneSample, MuxerSample, Sample } from './recording.js';

/** A sample that has what the muxer says. */
export type FullSample = Sample & { readonly muxer: MuxerSample };

export function fullSamples(samples: readonly Sample[]): FullSample[] {
  return samples.flatMap((sample) => {
    const { muxer } = sample;
    return muxer === undefined ? [] : [{ ...sample, muxer }];
  });
}

/**
 * How fast a count grew between two samples, at the end of that time. A count may go down when a
 * thread dies: that is no growth.
 */
export function growth<S extends Sample>(
  samples: readonly S[],
  countOf: (sample: S) => number,
): Point[] {
  return samples.slice(1).map((sample, i) => {
    const before = samples[i] as S;
    const elapsed = sample.seconds - before.seconds;
    const grown = Math.max(countOf(sample) - countOf(before), 0);
    return { seconds: sample.seconds, value: elapsed > 0 ? grown / elapsed : 0 };
  });
}

/** What a lane got of all that was confirmed between two samples, from 0 to 1; 0 where there was nothing. */
export function shares(samples: readonly FullSample[], lane: number): Point[] {
  const confirmed = (sample: FullSample, i: number) => sample.muxer.lanes[i]?.confirmed ?? 0;
  return samples.slice(1).map((sample, at) => {
    const before = samples[at] as FullSample;
    const grown = sample.muxer.lanes.map((_, i) =>
      Math.max(confirmed(sample, i) - confirmed(before, i), 0),
    );
    const all = grown.reduce((sum, one) => sum + one, 0);
    return { seconds: sample.seconds, value: all === 0 ? 0 : (grown[lane] ?? 0) / all };
  });
}

/** One number of a lane at each sample. */
export function ofLane(
  samples: readonly FullSample[],
  lane: number,
  of: (lane: LaneSample) => number,
): Point[] {
  return samples.map(({ seconds, muxer }) => {
    const one = muxer.lanes[lane];
    return { seconds, value: one === undefined ? 0 : of(one) };
  });
}

/** When a count grew, and by how much. */
export function steps(
  samples: readonly FullSample[],
  countOf: (muxer: MuxerSample) => number,
): { readonly seconds: number; readonly by: number }[] {
  return samples.slice(1).flatMap(({ seconds, muxer }, i) => {
    const by = countOf(muxer) - countOf((samples[i] as FullSample).muxer);
    return by > 0 ? [{ seconds, by }] : [];
  });
}

/** At most so many of them, evenly over all, the last one included. */
export function thinned<Value>(values: readonly Value[], most: number): Value[] {
  if (values.length <= most) return [...values];
  return Array.from(
    { length: most },
    (_, i) => values[Math.round((i * (values.length - 1)) / (most - 1))] as Value,
  );
}
