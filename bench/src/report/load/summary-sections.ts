import type { Row } from '../../load/report-rows.js';
import { seconds } from '../figures/format.js';
import type { Section } from '../page/page.js';
import type { Recording } from './recording.js';

/** All that the command prints, and what happened meanwhile, in words. */
export function summarySections(
  rows: readonly Row[],
  { events, moreEvents }: Recording,
): Section[] {
  const summary: Section = {
    title: 'Summary',
    text: 'What the command printed.',
    table: { caption: 'Summary of the load', head: ['what', 'how much'], rows, isText: true },
    isTableOpen: true,
  };
  if (events.length === 0) return [summary];
  const more = moreEvents === 0 ? '' : ` ${moreEvents} more are left out.`;
  const happened: Section = {
    title: 'What happened',
    text: `Lost connections, and what was done to the indexers or to the ingester: ${events.length}.${more}`,
    table: {
      caption: 'What happened, in order',
      head: ['after', 'what'],
      rows: events.map(({ seconds: at, text }) => [seconds(at), text]),
      isText: true,
    },
  };
  return [summary, happened];
}
