import { positiveDuration } from '@ringest/indexer/command-line';
import { InvalidArgumentError } from 'commander';
import { parseRate } from './load-pace.js';

/** What must hold of a load, or its exit status is 1. */
export interface Requirement {
  /** As it was given. */
  readonly text: string;
  readonly metric: Metric;
  readonly comparison: '<' | '>';
  /** Milliseconds, or entries or bits a second. */
  readonly limit: number;
}

/** A latency in milliseconds, or what is written a second. */
export type Metric =
  | { readonly kind: 'latency'; readonly percent: number }
  | { readonly kind: 'rate'; readonly unit: 'entries' | 'bits' };

/** A requirement, and what came of it. */
export interface Verdict {
  readonly requirement: string;
  /** In the unit of the limit. */
  readonly value: number;
  readonly isMet: boolean;
}

/** What a load measured. */
export interface Measured {
  readonly entriesPerSecond: number;
  readonly bitsPerSecond: number;
  /** The latency that so many percent did not exceed, in milliseconds. */
  percentile(percent: number): number;
}

/** Parses a requirement such as `p99<50ms`, `max<1s` or `rate>1M/s`. */
export function parseRequirement(text: string): Requirement {
  const [, name = '', comparison, limit = ''] = /^(\w+(?:\.\d+)?)([<>])(.+)$/.exec(text) ?? [];
  if (comparison === '<' || comparison === '>') {
    if (name === 'rate') {
      const { amount, unit } = parseRate(limit);
      return { text, metric: { kind: 'rate', unit }, comparison, limit: amount };
    }
    const percent = name === 'max' ? 100 : Number(/^p(\d+(?:\.\d+)?)$/.exec(name)?.[1]);
    if (percent > 0 && percent <= 100) {
      const metric = { kind: 'latency', percent } as const;
      return { text, metric, comparison, limit: positiveDuration(limit) };
    }
  }
  throw new InvalidArgumentError(
    "It must be such as 'p99<50ms', 'p99.9<1s', 'max<2s' or 'rate>1M/s'.",
  );
}

/** Sets what was measured beside what must hold. */
export function judge(requirements: readonly Requirement[], measured: Measured): Verdict[] {
  return requirements.map(({ text, metric, comparison, limit }) => {
    const value = measuredValue(metric, measured);
    return { requirement: text, value, isMet: comparison === '<' ? value < limit : value > limit };
  });
}

function measuredValue(metric: Metric, measured: Measured): number {
  if (metric.kind === 'latency') return measured.percentile(metric.percent);
  return metric.unit === 'bits' ? measured.bitsPerSecond : measured.entriesPerSecond;
}
