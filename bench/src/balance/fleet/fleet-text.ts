import { InvalidArgumentError } from 'commander';
import { formatTable } from '../../shared/table.js';
import type { FleetSize } from './fleet.js';
import { FLEET_CASES, type FleetCase, type FleetRow } from './fleet-case.js';

/** Ingesters and indexers that are looked at unless others are asked for. */
export const FLEET_SIZES: readonly FleetSize[] = [
  { ingesters: 10, indexers: 10 },
  { ingesters: 100, indexers: 8 },
  { ingesters: 100, indexers: 100 },
];

const SIZE = /^([1-9]\d{0,2})x([1-9]\d{0,3})$/;
/** Each lane takes some kilobytes, and a hundred thousand of them take minutes. */
const MAX_LANES = 100_000;

/** Reads a size as `100x8`, and adds it to those before it. */
export function fleetSize(text: string, before: unknown): FleetSize[] {
  const [, ingesters, indexers] = SIZE.exec(text) ?? [];
  const size = { ingesters: Number(ingesters), indexers: Number(indexers) };
  if (!(size.ingesters * size.indexers <= MAX_LANES)) {
    throw new InvalidArgumentError(
      `It must be ingesters and indexers, as 100x8, and their product ${MAX_LANES} at most.`,
    );
  }
  return Array.isArray(before) ? [...before, size] : [size];
}

/** The names of the columns of {@link fleetCells}. */
export const FLEET_HEAD: readonly string[] = [
  'ingesters x indexers',
  'herd, calm / during',
  'load during',
  'moved in 200 ms',
  'load after',
  'even after',
  'p99 calm / during / after',
  'behind',
  'dials, in 100 ms',
  'connected after',
];

/** The figures of a row, in short. */
export function fleetCells(row: FleetRow): string[] {
  const { calm, during, after } = row;
  const ms = (value: number | undefined) => (value === undefined ? '–' : `${value.toFixed(0)} ms`);
  const later = (value: number | undefined) => (value === undefined ? 'not yet' : ms(value));
  return [
    `${row.ingesters} x ${row.indexers}`,
    `${calm.herd.toFixed(1)} / ${during?.herd.toFixed(1) ?? '–'}`,
    during === undefined ? '–' : `${during.least.toFixed(2)} to ${during.greatest.toFixed(2)}`,
    during?.moved.toFixed(2) ?? '–',
    `up to ${row.greatestAfter.toFixed(2)}`,
    later(row.evenAfterMs),
    `${ms(calm.p99Ms)} / ${ms(during?.p99Ms)} / ${ms(after.p99Ms)}`,
    ms(row.behindMs),
    `${row.dials}, ${row.mostDials}`,
    later(row.connectedAfterMs),
  ];
}

/** What happens, and a table of how fleets did. */
export function fleetTable(name: FleetCase, rows: readonly FleetRow[]): string {
  return `${FLEET_CASES[name].text}\n${formatTable(FLEET_HEAD, rows.map(fleetCells))}\n`;
}
