import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { METRICS } from '@ringest/metrics';
import { observe } from '@ringest/metrics/opentelemetry';
import { metrics } from '@ringest/metrics/prometheus';
import { Counter, Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, newMuxer } from '../support/muxer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';
import { type ParsedMetric, parsePrometheus } from './prometheus-text.js';

const DASHBOARD = fileURLToPath(import.meta.resolve('@ringest/metrics/grafana.json'));

async function page(registry: Registry): Promise<Map<string, ParsedMetric>> {
  return parsePrometheus(await registry.metrics());
}

/** The names of the series of a metric. */
function seriesOf(name: string, type: string): string[] {
  const parts = ['bucket', 'sum', 'count'];
  return type === 'histogram' ? parts.map((part) => `${name}_${part}`) : [name];
}

function numberOf(all: Map<string, ParsedMetric>, name: string, labels = {}): number | undefined {
  const samples = all.get(name)?.samples ?? [];
  return samples.find((one) => one.name === name && sameLabels(one.labels, labels))?.value;
}

function sameLabels(one: object, other: object): boolean {
  return (
    JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
  );
}

it('a page has every metric with its type, by the rules of Prometheus, beside counters of the program', async () => {
  const indexer = await CollectingIndexer.start();
  const cache = { path: temporaryDirectory(), mode: 'fail' } as const;
  const muxer = await hotMuxer({ targets: [indexer.address], connectionsPerTarget: 2, cache });
  const registry = metrics(muxer, new Registry());
  new Counter({ name: 'shop_orders_total', help: 'Orders.', registers: [registry] }).inc(3);
  for (let i = 0; i < 10; i++) await muxer.writeEntry({ timestamp: i, tag: 0, data: 'entry' });
  await muxer.sync();
  const all = await page(registry);
  for (const { name, type, help, labelNames } of METRICS) {
    expect(all.get(name), name).toMatchObject({ type, help });
    for (const { labels } of all.get(name)?.samples ?? []) {
      const { le: _bound, ...others } = labels;
      expect(Object.keys(others)).toEqual(labelNames);
    }
    expect(all.get(name)?.samples.length, name).toBeGreaterThan(0);
  }
  expect(all.size).toBe(METRICS.length + 1);
  expect(numberOf(all, 'ringest_confirmed_entries_total')).toBe(10);
  const lanes = ['0', '1'].map((lane) => ({ target: indexer.address, lane }));
  const byLane = lanes.map((lane) => numberOf(all, 'ringest_lane_confirmed_entries_total', lane));
  expect((byLane[0] ?? 0) + (byLane[1] ?? 0)).toBe(10);
  expect(numberOf(all, 'ringest_ready')).toBe(1);
  expect(numberOf(all, 'ringest_cache_trouble')).toBe(0);
  expect(numberOf(all, 'shop_orders_total')).toBe(3);
});

it('the latency is a histogram, and agrees with the statistics', async () => {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const registry = metrics(muxer, new Registry());
  for (let i = 0; i < 3; i++) {
    await muxer.writeEntry({ timestamp: i, tag: 0, data: 'entry' });
    await muxer.sync();
  }
  const { ackLatencyMs, ackHistogram } = muxer.stats();
  const name = 'ringest_ack_latency_seconds';
  const samples = (await page(registry)).get(name)?.samples ?? [];
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  expect(buckets.map(({ labels: { le } }) => le)).toEqual(
    ackHistogram.bounds.map((bound) => (bound === Infinity ? '+Inf' : `${bound / 1000}`)),
  );
  expect(buckets.map(({ value }) => value)).toEqual(ackHistogram.counts);
  expect(samples.at(-1)).toMatchObject({ name: `${name}_count`, value: ackLatencyMs.samples });
  expect(samples.at(-2)).toMatchObject({ name: `${name}_sum`, value: ackHistogram.sum / 1000 });
  const json = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name);
  expect(json?.values).toHaveLength(samples.length);
});

/** Debian has it in the package `prometheus`. */
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

it.runIf(hasPromtool)('promtool has nothing to say against a page', async () => {
  const indexer = await CollectingIndexer.start();
  const cache = { path: temporaryDirectory(), mode: 'fail' } as const;
  const muxer = await hotMuxer({ targets: [indexer.address], cache });
  const input = await metrics(muxer, new Registry()).metrics();
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input });
  expect([`${stdout}${stderr}`, status]).toEqual(['', 0]);
});

it('names follow the conventions: counters end with _total, units are seconds and bytes', () => {
  for (const { name, type } of METRICS) {
    expect(name).toMatch(/^ringest_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb)\b/);
  }
  expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
});

it('a muxer without a cache has no values of one, and a lane that goes takes its values along', async () => {
  const [one, two] = [await CollectingIndexer.start(), await CollectingIndexer.start()];
  const muxer = await hotMuxer({ targets: [one.address, two.address] });
  const registry = metrics(muxer, new Registry());
  const before = await page(registry);
  expect(before.get('ringest_cache_bytes')?.samples).toEqual([]);
  expect(before.get('ringest_cache_dropped_entries_total')?.samples).toEqual([]);
  expect(before.get('ringest_lane_hot')?.samples).toHaveLength(2);
  await eventually(() => expect(muxer.dead()).toBe(0));
  await muxer.removeTarget(two.address);
  const after = await page(registry);
  expect(after.get('ringest_lane_hot')?.samples).toHaveLength(1);
  expect(after.get('ringest_lane_wire_bytes_total')?.samples).toHaveLength(1);
});

it('a registry of OpenMetrics gets them too, and a second muxer needs another registry', async () => {
  const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  metrics(muxer, registry);
  const text = await registry.metrics();
  expect(text).toContain('\nringest_written_entries_total 0\n');
  expect(text.endsWith('# EOF\n')).toBe(true);
  expect(() => metrics(muxer, registry)).toThrow('already been registered');
});

it('OpenTelemetry observes the same names and values', async () => {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const end = observe(muxer, provider.getMeter('test'));
  for (let i = 0; i < 10; i++) await muxer.writeEntry({ timestamp: i, tag: 0, data: 'entry' });
  await muxer.sync();
  const collect = async () => {
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(all.map((metric) => [metric.descriptor.name, metric.dataPoints]));
  };
  const all = await collect();
  const expected = METRICS.filter(({ name }) => !name.includes('_cache_')).flatMap(
    ({ name, type }) => seriesOf(name, type),
  );
  expect([...all.keys()].sort()).toEqual(expected.sort());
  expect(all.get('ringest_confirmed_entries_total')?.[0]?.value).toBe(10);
  const lane = all.get('ringest_lane_hot')?.[0];
  expect(lane?.attributes).toEqual({ target: indexer.address, lane: '0' });
  const { bounds, counts } = muxer.stats().ackHistogram;
  const buckets = all.get('ringest_ack_latency_seconds_bucket');
  expect(buckets?.map(({ value }) => value)).toEqual(counts);
  expect(buckets?.at(-1)?.attributes).toEqual({ le: '+Inf' });
  expect(buckets).toHaveLength(bounds.length);
  end();
});

it('the Grafana dashboard asks only for metrics that there are', () => {
  const text = readFileSync(DASHBOARD, 'utf8');
  const known = METRICS.flatMap(({ name, type, labelNames }) =>
    seriesOf(name, type).map((one) => [one, labelNames] as const),
  );
  const labelsOf = new Map(known);
  const dashboard: Dashboard = JSON.parse(text);
  const targets = dashboard.panels.flatMap((panel) => panel.targets);
  expect(targets.length).toBeGreaterThan(10);
  for (const { expr, legendFormat } of targets) {
    const names = expr.match(/ringest_\w+/g) ?? [];
    expect(names.length, expr).toBeGreaterThan(0);
    for (const name of names) expect(labelsOf.has(name), name).toBe(true);
    const grouped = /by \((\w+)\)/.exec(expr)?.[1];
    const labels = [...names.flatMap((name) => labelsOf.get(name) ?? []), 'instance', 'le'];
    if (grouped !== undefined) expect(labels, expr).toContain(grouped);
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(grouped, legendFormat).toBe(label);
    }
  }
  for (const name of text.match(/ringest_\w+/g) ?? []) expect(labelsOf.has(name), name).toBe(true);
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}
