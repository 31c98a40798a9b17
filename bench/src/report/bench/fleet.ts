import { FLEET_CASES, type FleetCase, type FleetRow } from '../../balance/fleet/fleet-case.js';
import { FLEET_HEAD, fleetCells } from '../../balance/fleet/fleet-text.js';
import { BAD, seriesColour } from '../figures/colours.js';
import { measured } from '../figures/format.js';
import { type Series, timeFigure } from '../figures/time-figure.js';
import type { Figure, Section } from '../page/page.js';
import type { BenchResults } from './results.js';

const AFFECTED = seriesColour(0);
const OTHERS = seriesColour(1);
const DIALS = seriesColour(0);

/** Many ingesters that share indexers, by what happens to these. */
export function fleetSections({ rows }: BenchResults['fleet']): Section[] {
  const names = [...new Set(rows.map(({ name }) => name))];
  return [
    ...names.map((name) => loadSection(name, rowsOf(rows, name))),
    ...names
      .map((name) => [name, rowsOf(rows, name).filter(({ dials }) => dials > 0)] as const)
      .filter(([, dialled]) => dialled.length > 0)
      .map(([name, dialled]) => dialSection(name, dialled)),
  ];
}

function rowsOf(rows: readonly FleetRow[], name: FleetCase): FleetRow[] {
  return rows.filter((row) => row.name === name);
}

function loadSection(name: FleetCase, rows: readonly FleetRow[]): Section {
  return {
    title: `Load, when ${FLEET_CASES[name].text}`,
    text:
      'What the affected indexers get on average, and what the one of the others gets that gets the most. ' +
      '1 is an equal share. Shaded: while it lasts.',
    legend: [
      { name: 'affected', colour: AFFECTED, shape: 'line' },
      { name: 'most of the others', colour: OTHERS, shape: 'line' },
    ],
    figures: rows.map((row) =>
      overTime(row, `a load of ${measured(row.greatestAfter)} at most afterwards`, 'equal shares', [
        { name: 'affected', colour: AFFECTED, points: pointsOf(row, (look) => look.affected) },
        {
          name: 'most of the others',
          colour: OTHERS,
          points: pointsOf(row, (look) => look.greatestOther),
        },
      ]),
    ),
    table: {
      caption: FLEET_CASES[name].text,
      head: FLEET_HEAD,
      rows: rows.map(fleetCells),
    },
  };
}

function dialSection(name: FleetCase, rows: readonly FleetRow[]): Section {
  return {
    title: `Dials, when ${FLEET_CASES[name].text}`,
    text: 'How often the indexer that was dialled the most was dialled within 100 ms.',
    figures: rows.map((row) =>
      overTime(row, `${row.mostDials} dials of one indexer within 100 ms at most`, 'dials', [
        { name: 'dials', colour: DIALS, points: pointsOf(row, (look) => look.mostDials) },
      ]),
    ),
    table: {
      caption: 'Dials of one indexer within 100 ms, at most, and of all affected ones in all',
      head: ['ingesters x indexers', 'within 100 ms', 'in all'],
      rows: rows.map((row) => [
        `${row.ingesters} x ${row.indexers}`,
        `${row.mostDials}`,
        `${row.dials}`,
      ]),
    },
  };
}

function overTime(row: FleetRow, what: string, unit: string, series: readonly Series[]): Figure {
  const heading = `${row.ingesters} ingesters, ${row.indexers} indexers`;
  const figure = timeFigure({
    label: `${heading}: ${what}`,
    ...{ unit, format: measured, series },
    seconds: (row.looks.at(-1)?.at ?? 0) / 1000,
    spans: [
      {
        from: row.beginsAt / 1000,
        to: row.endsAt / 1000,
        colour: BAD,
        text: FLEET_CASES[row.name].text,
      },
    ],
  });
  return { heading, ...figure };
}

function pointsOf(row: FleetRow, value: (look: FleetRow['looks'][number]) => number) {
  return row.looks.map((look) => ({ seconds: look.at / 1000, value: value(look) }));
}
