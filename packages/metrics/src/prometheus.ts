import type { IngestMuxer } from '@ringest/core';
import { Counter, Gauge, Histogram, type Registry, register } from 'prom-client';
import { boundText, type HistogramMetric, METRICS, type PlainMetric } from './definitions.js';
import { Rising } from './rising.js';
import { Snapshots } from './snapshot.js';

/**
 * Registers the metrics of a muxer with prom-client. They are read when the registry is, and cost nothing
 * before. The registry is the one to which a program adds counters of its own.
 * @param registry default: the global registry of prom-client
 * @returns the registry
 * @throws the registry has metrics of these names: give each muxer a registry of its own
 * @example
 * ```ts
 * const registry = metrics(muxer, new Registry());
 * server.get('/metrics', async () => registry.metrics());
 * ```
 */
export function metrics(muxer: IngestMuxer, registry: Registry = register): Registry {
  const snapshots = new Snapshots(muxer);
  for (const metric of METRICS) {
    if (metric.type === 'histogram') new SnapshotHistogram(metric, snapshots, registry);
    else if (metric.type === 'counter') addCounter(metric, snapshots, registry);
    else addGauge(metric, snapshots, registry);
  }
  return registry;
}

function addCounter(metric: PlainMetric, snapshots: Snapshots, registry: Registry): void {
  const rising = new Rising();
  const counter = new Counter({
    ...common(metric, registry),
    collect: () => {
      counter.reset();
      // A metric without labels has a value at once, which is none of an absent cache.
      counter.remove({});
      const samples = rising.apply(metric.samples(snapshots.take()));
      for (const { labels, value } of samples) counter.inc(labels, value);
    },
  });
}

function addGauge(metric: PlainMetric, snapshots: Snapshots, registry: Registry): void {
  const gauge = new Gauge({
    ...common(metric, registry),
    collect: () => {
      gauge.reset();
      gauge.remove({});
      for (const { labels, value } of metric.samples(snapshots.take())) gauge.set(labels, value);
    },
  });
}

/** A histogram whose values were counted elsewhere. */
class SnapshotHistogram extends Histogram {
  readonly #metric: HistogramMetric;
  readonly #snapshots: Snapshots;

  constructor(metric: HistogramMetric, snapshots: Snapshots, registry: Registry) {
    super(common(metric, registry));
    this.#metric = metric;
    this.#snapshots = snapshots;
  }

  /** prom-client calls it, also for `get`. Its types do not have it. */
  async getForPromString() {
    const { name, help, samples } = this.#metric;
    const shown = samples(this.#snapshots.take());
    const values = shown.flatMap(({ labels, buckets, sum, count }) => [
      ...buckets.map(([bound, value]) => ({
        metricName: `${name}_bucket`,
        labels: { le: boundText(bound) },
        sharedLabels: labels,
        value,
      })),
      { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
    ]);
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

function common({ name, help, labelNames }: PlainMetric | HistogramMetric, registry: Registry) {
  return { name, help, labelNames: [...labelNames], registers: [registry] };
}
