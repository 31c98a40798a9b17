import { Fleet, type FleetSize } from './fleet.js';
import type { FleetIndexer } from './fleet-indexer.js';
import { type FleetLook, type FleetSpan, FleetWatch, LOOK_MS } from './fleet-watch.js';

/** What happens to indexers. */
interface Happening {
  readonly text: string;
  /** How many of so many indexers it happens to. */
  readonly affected: (indexers: number) => number;
  readonly begin: (indexer: FleetIndexer) => void;
  readonly end: (indexer: FleetIndexer) => void;
  /** Milliseconds; and until everything is as before. */
  readonly lasts: number;
  readonly heals: number;
}

/** A dial fails at once where a process is missing, and after `times.dial`, as it is by default, where a machine is. */
const REFUSED_MS = 1;
const NO_ANSWER_MS = 5000;

const slow = (times: number): Omit<Happening, 'text'> => ({
  affected: () => 1,
  begin: (indexer) => {
    indexer.slowness = times;
  },
  end: (indexer) => {
    indexer.slowness = 1;
  },
  lasts: 10_000,
  heals: 6000,
});
const away = (
  failsAfter: number,
  lasts: number,
  heals: number,
): Omit<Happening, 'text' | 'affected'> => ({
  begin: (indexer) => indexer.fail(failsAfter),
  end: (indexer) => indexer.comeBack(),
  ...{ lasts, heals },
});

export const FLEET_CASES = {
  slow: { text: 'one indexer is 3 times as slow for 10 s', ...slow(3) },
  slower: { text: 'one indexer is 10 times as slow for 10 s', ...slow(10) },
  restart: {
    text: 'one indexer restarts within 0.3 s',
    affected: () => 1,
    ...away(REFUSED_MS, 300, 6000),
  },
  lost: {
    text: 'one indexer is away for 20 s',
    affected: () => 1,
    ...away(REFUSED_MS, 20_000, 20_000),
  },
  rack: {
    text: 'a quarter of the indexers are away for 20 s, and return at once',
    affected: (indexers) => Math.ceil(indexers / 4),
    ...away(NO_ANSWER_MS, 20_000, 20_000),
  },
  all: {
    text: 'all indexers are away for 5 s, and return at once',
    affected: (indexers) => indexers,
    ...away(REFUSED_MS, 5000, 20_000),
  },
} as const satisfies Record<string, Happening>;

export type FleetCase = keyof typeof FLEET_CASES;

/** Also what affected indexers got on average; 1 is an equal share. */
export interface SpanWithLoads extends FleetSpan {
  readonly least: number;
  readonly greatest: number;
  /** The most by which it rose or fell from one fifth of a second to the next. */
  readonly moved: number;
}

/** How a fleet did. Times are milliseconds of the simulation. */
export interface FleetRow extends FleetSize {
  readonly name: FleetCase;
  /** Before anything happens. */
  readonly calm: SpanWithLoads;
  /** From two seconds after it begins to its end; `undefined`: it is shorter. */
  readonly during: SpanWithLoads | undefined;
  /** After its end, until everything is as before. */
  readonly after: SpanWithLoads;
  /** The most that affected indexers got in a second after the end, on average; 1 is an equal share. */
  readonly greatestAfter: number;
  /** From the end until they get an equal share for good, within a third; `undefined`: not yet. */
  readonly evenAfterMs: number | undefined;
  /** The most milliseconds of load that were not confirmed, beyond what was before. */
  readonly behindMs: number;
  /** How often affected indexers were dialled; and the most dials of one within 100 ms. */
  readonly dials: number;
  readonly mostDials: number;
  /** From the end until all connections are there again; `undefined`: not yet. */
  readonly connectedAfterMs: number | undefined;
  readonly beginsAt: number;
  readonly endsAt: number;
  readonly looks: readonly FleetLook[];
}

/** Averages are known by then. */
const WARM_UP = 2000;
const CALM = 3000;
/** All ingesters know by then that something has happened. */
const SETTLED = 2000;
const LOOKS_A_SECOND = 1000 / LOOK_MS;
const MAX_DIFFERENCE = 1 / 3;

/** Lets something happen to a fleet, and looks at what comes of it. */
export function runFleetCase(name: FleetCase, size: FleetSize, seed: number): FleetRow {
  const happening: Happening = FLEET_CASES[name];
  const fleet = new Fleet(size, seed);
  fleet.time.runUntil(WARM_UP);
  fleet.latency.reset();
  const affected = happening.affected(size.indexers);
  const watch = new FleetWatch(fleet, affected);
  const { looks } = watch;
  const spanUntil = (time: number): SpanWithLoads => {
    const begun = looks.length;
    watch.watchUntil(time);
    return { ...watch.takeSpan(), ...loadsOf(looks.slice(begun)) };
  };
  const forAffected = (act: (indexer: FleetIndexer) => void) => {
    for (const indexer of fleet.indexers.slice(0, affected)) act(indexer);
  };
  const beginsAt = WARM_UP + CALM;
  const endsAt = beginsAt + happening.lasts;
  const healedAt = endsAt + happening.heals;
  const settledAt = Math.min(beginsAt + SETTLED, endsAt);
  const calm = spanUntil(beginsAt);
  forAffected(happening.begin);
  spanUntil(settledAt);
  const during = settledAt < endsAt ? spanUntil(endsAt) : undefined;
  forAffected(happening.end);
  const after = spanUntil(healedAt);

  const unconfirmed = (from: number, to: number) =>
    Math.max(...looks.filter(({ at }) => at > from && at <= to).map((look) => look.unconfirmedMs));
  const since = looks.filter(({ at }) => at > endsAt);
  const seconds = overSeconds(since);
  const connections = affected * size.ingesters;
  return {
    ...size,
    ...{ name, calm, during, after, beginsAt, endsAt, looks },
    greatestAfter: Math.max(...seconds.map(({ load }) => load)),
    evenAfterMs: timeUntil(seconds, endsAt, ({ load }) => Math.abs(load - 1) <= MAX_DIFFERENCE),
    behindMs: Math.max(0, unconfirmed(beginsAt, healedAt) - unconfirmed(0, beginsAt)),
    dials: looks.reduce((sum, look) => sum + look.dials, 0),
    mostDials: Math.max(...looks.map((look) => look.mostDials)),
    connectedAfterMs: timeUntil(since, endsAt, (look) => look.connections === connections),
  };
}

function loadsOf(looks: readonly FleetLook[]): Pick<SpanWithLoads, 'least' | 'greatest' | 'moved'> {
  const loads = looks.map(({ affected }) => affected);
  const pairs = loads.slice(1).map((load, i) => (load + (loads[i] as number)) / 2);
  const moves = pairs.slice(2).map((load, i) => Math.abs(load - (pairs[i] as number)));
  return { least: Math.min(...loads), greatest: Math.max(...loads), moved: Math.max(...moves) };
}

/** How long it took until something was true for good; `undefined`: it is not true at the end. */
function timeUntil<Look extends { readonly at: number }>(
  looks: readonly Look[],
  from: number,
  isTrue: (look: Look) => boolean,
): number | undefined {
  const last = looks.findLast((look) => !isTrue(look));
  if (last === looks.at(-1)) return undefined;
  return last === undefined ? 0 : last.at - from;
}

/** The load of the affected ones over the second up to each time. */
function overSeconds(
  looks: readonly FleetLook[],
): { readonly at: number; readonly load: number }[] {
  return looks.slice(LOOKS_A_SECOND - 1).map(({ at }, i) => {
    const second = looks.slice(i, i + LOOKS_A_SECOND);
    return { at, load: second.reduce((sum, { affected }) => sum + affected, 0) / LOOKS_A_SECOND };
  });
}
