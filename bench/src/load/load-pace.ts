import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pace } from './pace.js';

interface PaceFlags {
  entrySize: number;
  rate?: Rate;
  ramp?: { readonly from: Rate; readonly to: Rate; readonly milliseconds: number };
  burst?: number;
}

/** Entries a second, or bits of data a second. */
export interface Rate {
  readonly amount: number;
  readonly unit: 'entries' | 'bits';
}

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
]);

/** Adds the flags that {@link readPace} reads. */
export function addPaceFlags(program: Command): Command {
  return program
    .addOption(
      new Option(
        '--rate <rate>',
        'write so much, instead of as much as is confirmed: entries, such as 50000/s or 1M/s, or ' +
          'data, such as 80Mbit/s or 10MB/s',
      ).argParser(parseRate),
    )
    .addOption(
      new Option(
        '--ramp <from..to/time>',
        'write ever more, or ever less, such as 10k..1M/60s; then go on with the last rate',
      ).argParser(parseRamp),
    )
    .option(
      '--burst <n>',
      'so many entries come at once, at the same rate',
      wholeNumber(1, 1_000_000),
    );
}

/**
 * Reads these flags of a command that is parsed. A flag that cannot be used ends the process.
 * @returns `undefined` when the load has none
 */
export function readPace(program: Command): Pace | undefined {
  const { entrySize, rate, ramp, burst } = program.opts<PaceFlags>();
  const entries = ({ amount, unit }: Rate) => (unit === 'bits' ? amount / 8 / entrySize : amount);
  const rest = { burst: burst ?? 1 };
  if (rate !== undefined) {
    return { from: entries(rate), to: entries(rate), rampMs: 0, ...rest };
  }
  if (ramp !== undefined) {
    return { from: entries(ramp.from), to: entries(ramp.to), rampMs: ramp.milliseconds, ...rest };
  }
  if (burst !== undefined) {
    program.error(
      'error: --burst says how many entries of a --rate or a --ramp come at once: at full speed ' +
        'all of them do',
    );
  }
  return undefined;
}

/** Parses a rate such as `50000/s`, `1M/s`, `80Mbit/s` or `10MB/s`. It must be more than 0. */
export function parseRate(text: string): Rate {
  const [, number = '', unit] = /^(\d+(?:\.\d+)?[kKMG]?)(bit|B)?\/s$/.exec(text) ?? [];
  const rate = readRate(number, unit);
  if (rate.amount > 0) return rate;
  throw new InvalidArgumentError(
    'It must be a rate of more than 0, such as 50000/s, 1M/s, 80Mbit/s or 10MB/s.',
  );
}

/** It may begin with 0, and must not end there: nothing would ever come to an end. */
function parseRamp(text: string) {
  const [, from = '', to = '', unit, time] =
    /^(\d+(?:\.\d+)?[kKMG]?)\.\.(\d+(?:\.\d+)?[kKMG]?)(bit|B)?\/(\d.*)$/.exec(text) ?? [];
  const last = readRate(to, unit);
  if (time !== undefined && last.amount > 0) {
    return { from: readRate(from, unit), to: last, milliseconds: positiveDuration(time) };
  }
  throw new InvalidArgumentError(
    'It must be such as 10k..1M/60s or 1..80Mbit/60s, and end with more than 0.',
  );
}

function readRate(number: string, unit: string | undefined): Rate {
  const [, digits, factor = ''] = /^([\d.]+)(\D?)$/.exec(number) ?? [];
  const amount = Number(digits ?? 0) * (FACTORS.get(factor.toLowerCase()) ?? 1);
  if (unit === undefined) return { amount, unit: 'entries' };
  return { amount: unit === 'B' ? amount * 8 : amount, unit: 'bits' };
}
