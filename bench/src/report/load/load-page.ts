import type { LoadReport } from '../../load/load-report.js';
import { isSound, loadRows } from '../../load/load-report.js';
import { compact, measured, milliseconds, seconds, whole } from '../figures/format.js';
import type { Page, Tile } from '../page/page.js';
import { cacheSection } from './cache-section.js';
import { faultsSection } from './faults-section.js';
import { laneSections } from './lane-sections.js';
import { latencySection } from './latency-section.js';
import { rateSection } from './rate-section.js';
import type { Recording } from './recording.js';
import { summarySections } from './summary-sections.js';

/** The page of a load. */
export function loadPage(
  report: LoadReport,
  recording: Recording,
  circumstances: Page['circumstances'],
): Page {
  const { entries, seconds: duration, entriesPerSecond, lost, faults = [] } = report;
  const sound = isSound(report);
  const went = faults.length === 0 ? '' : `, while ${faults.length} faults came to its indexers`;
  return {
    title: faults.length === 0 ? 'ringest load' : 'ringest load, with faults',
    headline: `${whole(entriesPerSecond)} entries a second, ${whole(lost)} lost`,
    lede:
      `${whole(entries)} entries in ${seconds(duration)}, from the first write until every one of ` +
      `them was confirmed${went}.`,
    verdict: { isGood: sound, text: verdict(report, sound) },
    tiles: tiles(report),
    sections: [
      rateSection(report, recording),
      ...faultsSection(report),
      ...latencySection(report),
      ...laneSections(report, recording),
      ...cacheSection(report, recording),
      // Faults have a section of their own.
      ...summarySections(loadRows({ ...report, faults: [] }), recording),
    ],
    circumstances,
    data: { report, recording },
  };
}

function verdict(report: LoadReport, sound: boolean): string {
  const { lost, foreign = 0, digestMatches, duplicated, requirements = [] } = report;
  if (sound) {
    const contents = digestMatches ? ', the contents are equal to the byte' : '';
    const twice = duplicated ? `, ${whole(duplicated)} arrived twice` : '';
    const held = requirements.length === 0 ? '' : ', all that was required held';
    return `Nothing was lost${contents}${twice}${held}`;
  }
  const wrong = [
    ...(lost === 0 ? [] : [`${whole(lost)} entries were lost`]),
    ...(foreign === 0 ? [] : [`${whole(foreign)} entries arrived that were never sent`]),
    ...(digestMatches === false ? ['the contents differ'] : []),
    ...requirements
      .filter(({ isMet }) => !isMet)
      .map(({ requirement }) => `${requirement} was not met`),
  ];
  return wrong.join(', ');
}

function tiles(report: LoadReport): Tile[] {
  const { latencyMs, ackLatencyMs: ack, cpuSeconds, entries } = report;
  const latency: Tile[] =
    latencyMs === undefined
      ? [
          {
            name: 'confirmation, median',
            value: milliseconds(ack.p50),
            note: `p99 ${milliseconds(ack.p99)}, from when sent`,
          },
        ]
      : [
          {
            name: 'latency, median',
            value: milliseconds(latencyMs.p50),
            note: `p99 ${milliseconds(latencyMs.p99)}, from when due`,
          },
          {
            name: 'latency, p99.99',
            value: milliseconds(latencyMs.p9999),
            note: `max ${milliseconds(latencyMs.max)}`,
          },
        ];
  return [
    {
      name: 'data',
      value: `${measured(report.megabytesPerSecond)}\u00a0MB/s`,
      note: `${compact(report.bytes)}B in all`,
    },
    ...latency,
    ...(entries === 0
      ? []
      : [
          {
            name: 'processor time',
            value: `${measured((cpuSeconds / entries) * 1e9)} ns`,
            note: 'of the ingester, an entry',
          },
        ]),
    {
      name: 'memory',
      value: `${measured(report.maxRssBytes / 2 ** 20)} MiB`,
      note: 'at most',
    },
    {
      name: 'sent again',
      value: compact(report.resent),
      note:
        report.duplicated === undefined
          ? 'so many at most arrived twice'
          : `${whole(report.duplicated)} arrived twice`,
    },
  ];
}
