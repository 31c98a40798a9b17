import { metrics as api, type Meter, type Observable } from '@opentelemetry/api';
import type { IngestMuxer } from '@ringest/core';
import {
  boundText,
  type HistogramSample,
  METRICS,
  type Metric,
  type Sample,
} from './definitions.js';
import { Rising } from './rising.js';
import { Snapshots } from './snapshot.js';

/**
 * Adds the metrics of a muxer to OpenTelemetry, by the names that Prometheus has. OpenTelemetry has no
 * histograms that are observed: of a latency, `_bucket` with the attribute `le`, `_sum` and `_count` are counters.
 * @param meter default: the one of the global provider, named `ringest`
 * @returns a function that ends the observation
 */
export function observe(muxer: IngestMuxer, meter: Meter = api.getMeter('ringest')): () => void {
  const snapshots = new Snapshots(muxer);
  const observed = METRICS.flatMap(plain).map(({ name, help, type, samples }) => {
    const options = { description: help };
    const instrument: Observable =
      type === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options);
    return { instrument, samples, rising: type === 'counter' ? new Rising() : undefined };
  });
  const instruments = observed.map(({ instrument }) => instrument);
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    const snapshot = snapshots.take();
    for (const { instrument, samples, rising } of observed) {
      const all = samples(snapshot);
      for (const { labels, value } of rising?.apply(all) ?? all) {
        result.observe(instrument, value, labels);
      }
    }
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}

type Plain = Pick<Metric, 'name' | 'help'> & {
  readonly type: 'counter' | 'gauge';
  readonly samples: (snapshot: ReturnType<Snapshots['take']>) => readonly Sample[];
};

/** A metric as OpenTelemetry can observe it. */
function plain(metric: Metric): Plain[] {
  if (metric.type !== 'histogram') return [metric];
  const { name, help, samples } = metric;
  const counter = (
    part: string,
    values: (sample: HistogramSample) => readonly Sample[],
  ): Plain => ({
    name: `${name}_${part}`,
    help,
    type: 'counter',
    samples: (snapshot) => samples(snapshot).flatMap(values),
  });
  return [
    counter('bucket', ({ labels, buckets }) =>
      buckets.map(([bound, value]) => ({ labels: { ...labels, le: boundText(bound) }, value })),
    ),
    counter('sum', ({ labels, sum }) => [{ labels, value: sum }]),
    counter('count', ({ labels, count }) => [{ labels, value: count }]),
  ];
}
