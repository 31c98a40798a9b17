import { median } from '../../shared/median.js';
import type { SoakOutcome } from '../../soak/hours/outcome.js';
import type { Latency } from '../../soak/hours/parts/latency.js';
import { faultsOf } from '../../soak/hours/record/recovery.js';
import { milliseconds } from '../figures/format.js';
import type { Section } from '../page/page.js';

/** How long entries of each part took, while nothing happened and while something did. */
export function latencySection(outcome: SoakOutcome): Section {
  return {
    title: 'Latency',
    text:
      'From when entries were due to their confirmation; of follow, syslog and queue to their arrival at an indexer, which is ' +
      'looked at every 0.1 s, on a busy machine less often, so that it may be sooner. Median and p99 are medians over all looks at the part. Calm: no indexer, and no process of the ' +
      'part, had a fault since the look before.',
    table: {
      caption: 'Latency of each part',
      head: [
        ...['', 'median, calm', 'during faults', 'p99, calm', 'during faults'],
        ...['worst, calm', 'during faults'],
      ],
      rows: outcome.parts.map(({ name }) => [name, ...cellsOf(name, outcome)]),
    },
    isTableOpen: true,
  };
}

function cellsOf(part: string, outcome: SoakOutcome): string[] {
  const faults = faultsOf(part, outcome);
  const samples = outcome.samples.filter(({ name }) => name === part);
  const calm: Latency[] = [];
  const during: Latency[] = [];
  for (const [i, { seconds, latencyMs }] of samples.entries()) {
    if (latencyMs === undefined) continue;
    const since = samples[i - 1]?.seconds ?? 0;
    const isCalm = faults.every(
      (one) => one.seconds > seconds || one.seconds + one.forSeconds < since,
    );
    (isCalm ? calm : during).push(latencyMs);
  }
  const cell = (
    looks: readonly Latency[],
    of: (values: readonly number[]) => number,
    key: keyof Latency,
  ) => (looks.length === 0 ? '–' : milliseconds(of(looks.map((look) => look[key]))));
  const worst = (values: readonly number[]) => Math.max(...values);
  return (
    [
      ['p50', median],
      ['p99', median],
      ['max', worst],
    ] as const
  ).flatMap(([key, of]) => [cell(calm, of, key), cell(during, of, key)]);
}
