import type { IngestMuxer } from '@ringest/core';
import { Counter, Gauge, type Registry, register, Summary } from 'prom-client';
import { METRICS, type PlainMetric, type SummaryMetric } from './definitions.js';
import { Rising } from './rising.js';
import { Snapshots } from './snapshot.js';

/**
 * Registers the metrics of a muxer with prom-client. They are read when the registry is, and cost nothing
 * before. The registry is the one to which a program adds counters of its own.
 * @param registry default: the global registry of prom-client
 * @returns the registry
 * @throws the registry has metrics of these names: give each muxer a registry of its own
 */
export function metrics(muxer: IngestMuxer, registry: Registry = register): Registry {
  const snapshots = new Snapshots(muxer);
  for (const metric of METRICS) {
    if (metric.type === 'summary') new SnapshotSummary(metric, snapshots, registry);
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

/** A summary whose quantiles were found elsewhere. */
class SnapshotSummary extends Summary {
  readonly #metric: SummaryMetric;
  readonly #snapshots: Snapshots;

  constructor(metric: SummaryMetric, snapshots: Snapshots, registry: Registry) {
    super(common(metric, registry));
    this.#metric = metric;
    this.#snapshots = snapshots;
  }

  override async get(): ReturnType<Summary['get']> {
    const { name, samples } = this.#metric;
    const shown = samples(this.#snapshots.take());
    const values = shown.flatMap(({ labels, quantiles, sum, count }) => [
      ...quantiles.map(([quantile, value]) => ({ labels: { ...labels, quantile }, value })),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]);
    return { ...(await super.get()), values };
  }
}

function common({ name, help, labelNames }: PlainMetric | SummaryMetric, registry: Registry) {
  return { name, help, labelNames: [...labelNames], registers: [registry] };
}
