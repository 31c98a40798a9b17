/** One value of a metrics page. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of a metrics page. */
export interface ParsedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)$/;
const TYPES = ['counter', 'gauge', 'summary', 'histogram', 'untyped'];

/**
 * Reads a page in the text format of Prometheus 0.0.4, by all of its rules: names, escapes, one HELP and one
 * TYPE before the samples of a metric, no sample twice, histograms with rising buckets, and nothing else.
 * @throws {Error} a line breaks a rule
 */
export function parsePrometheus(text: string): Map<string, ParsedMetric> {
  if (!text.endsWith('\n')) throw new Error('the page ends without a line feed');
  const metrics = new Map<string, ParsedMetric>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current: ParsedMetric | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      help = { name, text: rest };
    } else if (keyword === 'TYPE') {
      if (!TYPES.includes(rest) || help?.name !== name || metrics.has(name)) throw new Error(line);
      current = { name, type: rest, help: help.text, samples: [] };
      metrics.set(name, current);
    } else {
      const sample = sampleOf(line);
      if (current === undefined || !belongs(sample, current)) throw new Error(`no TYPE: ${line}`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      current.samples.push(sample);
    }
  }
  for (const metric of metrics.values()) {
    if (metric.type === 'histogram') checkHistogram(metric);
  }
  return metrics;
}

/** Checks that each set of labels has buckets that rise to the one of `+Inf`, which is the count, and a sum. */
function checkHistogram({ name, samples }: ParsedMetric): void {
  const series = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const { le: _bound, ...others } = sample.labels;
    const labels = JSON.stringify(Object.entries(others).sort());
    series.set(labels, [...(series.get(labels) ?? []), sample]);
  }
  for (const [labels, all] of series) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le = '' } }) => numberOf(le));
    const counts = buckets.map(({ value }) => value);
    const others = all.filter((sample) => sample.name !== `${name}_bucket`);
    const isRising = (list: readonly number[]) =>
      list.every((value, i) => i === 0 || value >= (list[i - 1] ?? 0));
    const isWhole =
      bounds.at(-1) === Infinity && isRising(bounds) && new Set(bounds).size === bounds.length;
    const count = others.find((sample) => sample.name === `${name}_count`)?.value;
    if (!isWhole || !isRising(counts) || counts.at(-1) !== count || others.length !== 2) {
      throw new Error(`no histogram: ${name} ${labels}`);
    }
  }
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function sampleOf(line: string): ParsedSample {
  const [whole, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (whole === undefined || !NUMBER.test(value)) throw new Error(`no sample: ${line}`);
  const parsed: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < labels.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const [found, label = '', text = ''] = LABEL.exec(labels) ?? [];
    if (found === undefined || label in parsed) throw new Error(`bad labels: ${line}`);
    parsed[label] = text.replaceAll(/\\(.)/g, (_, character) =>
      character === 'n' ? '\n' : character,
    );
  }
  return { name, labels: parsed, value: numberOf(value) };
}

function belongs({ name, labels }: ParsedSample, metric: ParsedMetric): boolean {
  const { type } = metric;
  if (type !== 'summary' && type !== 'histogram') return name === metric.name;
  if (type === 'summary' && name === metric.name) return 'quantile' in labels;
  if (type === 'histogram' && name === `${metric.name}_bucket`) return 'le' in labels;
  return name === `${metric.name}_sum` || name === `${metric.name}_count`;
}
