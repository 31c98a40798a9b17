import { InvalidTimeFormatError, TimeRangeError, UnknownTimeFormatError } from '../errors.js';
import { BUILT_IN, makeFormat, SEARCHED_FORMATS } from '../formats/built-in.js';
import { type CustomFormat, makeCustomFormat } from '../formats/custom.js';
import type { TimeFormat } from '../formats/time-format.js';

/** How times are found and understood. */
export interface TimeOptions {
  /**
   * The zone of times that name none: an IANA name such as `Europe/Paris`, an offset such as `+05:30`,
   * or `local`, the zone of this process. Default: `UTC`.
   */
  readonly zone?: string;
  /** The only format that is looked for; case does not matter. Default: all, in their order. */
  readonly format?: string;
  /**
   * Takes the first time of a line, whatever its format. Else the format that was found in the line
   * before comes first, and then the others in their order. Default: `false`.
   */
  readonly leftMost?: boolean;
  /** More formats. They are looked for when none of the others is found. Default: none. */
  readonly customFormats?: readonly CustomFormat[];
  /**
   * What abbreviations of zones mean: offsets such as `+05:30`, by abbreviations such as `IST`. They
   * count before those that ringest knows. Default: none.
   */
  readonly zoneNames?: Readonly<Record<string, string>>;
  /** How far from the clock a time may be; others are not taken. Default: any time is taken. */
  readonly window?: TimeWindow;
  /** A time begins at most so many bytes behind the beginning of a line. Default: anywhere in it. */
  readonly searchBytes?: number;
  /** Milliseconds since 1970: what time it is. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** How far from the clock a time may be. */
export interface TimeWindow {
  /** In milliseconds: how old a time may be. Default: any age. */
  readonly past?: number;
  /** In milliseconds: how far a time may be ahead. Default: any distance. */
  readonly future?: number;
}

/** The names of all built-in formats, in their order. */
export const TIME_FORMATS: readonly string[] = BUILT_IN.map(({ name }) => name);

/**
 * The formats to look for.
 * @throws UnknownTimeFormatError, InvalidTimeFormatError
 */
export function chooseFormats({ format, customFormats = [] }: TimeOptions): TimeFormat[] {
  const named = new Map(
    BUILT_IN.flatMap((builtIn) =>
      [builtIn.name, ...(builtIn.aliases ?? [])].map((name) => [fold(name), builtIn] as const),
    ),
  );
  const customs = new Map<string, TimeFormat>();
  for (const custom of customFormats) {
    const name = fold(custom.name);
    if (named.has(name) || customs.has(name)) {
      throw new InvalidTimeFormatError(custom.name, 'another format has its name');
    }
    customs.set(name, makeCustomFormat(custom));
  }
  if (format === undefined) {
    return [...SEARCHED_FORMATS, ...customs.values()];
  }
  const custom = customs.get(fold(format));
  if (custom !== undefined) return [custom];
  const builtIn = named.get(fold(format));
  if (builtIn !== undefined) return [makeFormat(builtIn, false)];
  const known = [...TIME_FORMATS, ...customFormats.map(({ name }) => name)];
  throw new UnknownTimeFormatError(format, known);
}

/** @throws TimeRangeError when a number is negative, or none */
export function checkNumbers({ window, searchBytes }: TimeOptions): void {
  const numbers = { 'window.past': window?.past, 'window.future': window?.future, searchBytes };
  for (const [option, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value >= 0)) throw new TimeRangeError(option, value);
  }
}

function fold(name: string): string {
  return name.toLowerCase();
}
