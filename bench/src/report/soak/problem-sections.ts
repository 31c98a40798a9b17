import { problemsOf, type SoakOutcome } from '../../soak/hours/outcome.js';
import type { Section } from '../page/page.js';

/** What is wrong, and what the processes printed last to which it happened. */
export function problemSections(outcome: SoakOutcome): Section[] {
  const problems = problemsOf(outcome);
  if (problems.length === 0) return [];
  const { lastLines } = outcome;
  return [
    {
      title: 'What is wrong',
      text: 'The run is not sound, because of this.',
      table: {
        caption: 'Problems',
        head: ['', 'what'],
        rows: problems.map((problem, i) => [`${i + 1}`, problem]),
        isText: true,
      },
      isTableOpen: true,
    },
    ...(lastLines.length === 0
      ? []
      : [
          {
            title: 'Last words',
            text: 'What the processes printed last that something went wrong with.',
            table: {
              caption: 'Last lines',
              head: ['process', 'line'],
              rows: lastLines.flatMap(({ name, lines }) => lines.map((line) => [name, line])),
              isText: true,
            },
            isTableOpen: true,
          },
        ]),
  ];
}
