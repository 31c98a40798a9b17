import { type KillReport, killRows } from '../../load/kill-report.js';
import { isSound } from '../../load/load-report.js';
import { compact, measured, seconds, whole } from '../figures/format.js';
import type { Page } from '../page/page.js';
import { rateSection } from './rate-section.js';
import type { Recording } from './recording.js';
import { summarySections } from './summary-sections.js';

/** The page of a load whose ingester was killed again and again. */
export function killPage(
  report: KillReport,
  recording: Recording,
  circumstances: Page['circumstances'],
): Page {
  const { entries, seconds: duration, kills, lost, resolved, duplicated, cache } = report;
  const sound = isSound(report);
  return {
    title: 'ringest load, killed again and again',
    headline: `${whole(kills)} kills, ${whole(lost)} lost`,
    lede:
      `${whole(entries)} entries in ${seconds(duration)}. The ingester was killed ${whole(kills)} times ` +
      'without warning, and each time another process went on from its cache.',
    verdict: {
      isGood: sound,
      text: sound ? 'Nothing was lost' : `${whole(lost)} entries were lost, or contents differ`,
    },
    tiles: [
      { name: 'written before a kill', value: compact(resolved), note: 'and not written again' },
      { name: 'replayed', value: compact(cache.replayedEntries), note: 'from the cache' },
      { name: 'arrived twice', value: compact(duplicated) },
      { name: 'left on disk', value: `${measured(cache.bytes / 1e6)} MB` },
    ],
    sections: [rateSection(report, recording), ...summarySections(killRows(report), recording)],
    circumstances,
    data: { report, recording },
  };
}
