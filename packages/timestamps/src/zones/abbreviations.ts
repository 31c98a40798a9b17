import { parseOffset } from './offset.js';

/** What abbreviations of zones are made of. */
export const ABBREVIATION = /^[A-Z]{1,5}$/;

/** The only abbreviations that a standard gives a meaning to: RFC 5322, section 4.3. */
export const standardAbbreviations: ReadonlyMap<string, number> = new Map(
  Object.entries({
    UT: 0,
    UTC: 0,
    GMT: 0,
    EST: -5,
    EDT: -4,
    CST: -6,
    CDT: -5,
    MST: -7,
    MDT: -6,
    PST: -8,
    PDT: -7,
  }).map(([name, hours]) => [name, hours * 3600]),
);

/** Languages that abbreviate the zones of their own region, and a place in each of these zones. */
const REGIONS: readonly (readonly [locale: string, ...places: readonly string[]])[] = [
  ['en-GB', 'Europe/London', 'Europe/Paris', 'Europe/Athens', 'Europe/Lisbon'],
  ['en-IE', 'Europe/Dublin'],
  ['en-IN', 'Asia/Kolkata'],
  ['en-AU', 'Australia/Sydney', 'Australia/Adelaide', 'Australia/Perth', 'Australia/Lord_Howe'],
  ['en-NZ', 'Pacific/Auckland'],
  ['en-ZA', 'Africa/Johannesburg', 'Africa/Nairobi'],
  ['en-NG', 'Africa/Lagos'],
  ['en-US', 'America/New_York', 'America/Anchorage', 'Pacific/Honolulu'],
  ['en-CA', 'America/Halifax', 'America/St_Johns'],
  ['en-HK', 'Asia/Hong_Kong'],
  ['en-SG', 'Asia/Singapore'],
  ['ja', 'Asia/Tokyo'],
];

/** In winter and in summer. */
const SAMPLES = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)];

let regional: ReadonlyMap<string, number> | undefined;

/**
 * What the abbreviations of all regions mean, from Node's `Intl`: offsets in seconds. One that means
 * different things in two regions, such as `IST`, is not among them. Takes a tenth of a second once.
 */
export function regionalAbbreviations(): ReadonlyMap<string, number> {
  if (regional !== undefined) return regional;
  const all = REGIONS.flatMap(([locale, ...places]) =>
    places.flatMap((place) => abbreviationsIn(locale, place)),
  );
  const isClear = (name: string, offset: number) =>
    all.every(([other, meaning]) => other !== name || meaning === offset);
  regional = new Map(all.filter(([name, offset]) => isClear(name, offset)));
  return regional;
}

/** What a zone is called in any of the languages, and the offsets that it has then. */
export function abbreviationsOf(timeZone: string): ReadonlyMap<string, number> {
  return new Map(REGIONS.flatMap(([locale]) => abbreviationsIn(locale, timeZone)));
}

function abbreviationsIn(locale: string, timeZone: string): [name: string, offset: number][] {
  const read = (language: string, timeZoneName: 'short' | 'longOffset') => {
    const format = new Intl.DateTimeFormat(language, { timeZone, timeZoneName });
    return SAMPLES.map(
      (time) => format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '',
    );
  };
  const names = read(locale, 'short');
  if (!names.some((name) => ABBREVIATION.test(name))) return [];
  const offsets = read('en-US', 'longOffset').map(parseOffset);
  return names.flatMap((name, i) => {
    const offset = offsets[i];
    return ABBREVIATION.test(name) && offset !== undefined ? [[name, offset]] : [];
  });
}
