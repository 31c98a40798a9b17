import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { lightChallenges } from '../support/light-challenges.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { Account, type Key, keyOf, lifeOf, named } from './account.js';
import { FarEnd } from './far-end.js';
import { IngesterProcess, type IngesterReport } from './ingester-process.js';
import { DOWN, type IngesterPlan, type Life, type Surroundings, UP, type Weather } from './plan.js';
import { readStored, type Stored, segmentsIn } from './stored.js';

const MAX_TARGETS = 2;
/** To bring all that a round has left to the indexers, on a slow machine. */
const DRAIN_MS = 60_000;
const LOOK_MS = 20;

/** What became of the entries of a round. */
export interface RoundCounts {
  lives: number;
  /** Lives that closed before they were killed, with all that was unconfirmed on the disk. */
  closed: number;
  /** Lives whose cache was full when they ended. */
  full: number;
  accepted: number;
  /** Entries that had to arrive: durable ones, and all that was ever found on the disk. */
  owed: number;
  arrived: number;
  duplicates: number;
  /** Accepted, never on the disk, and gone with their process. */
  lostInMemory: number;
}

/**
 * Lives of an ingester with one cache, one after the other, each of them killed, and the indexers
 * that outlive them. After each life it is checked that nothing is missing; what is owed are
 *
 * - entries whose writes had resolved under `journal`;
 * - in every mode, entries that were found in the cache's segments after a life, and all accepted
 *   ones of a life that could close and reported them as cached.
 *
 * All other entries were in memory only, and may be gone.
 *
 * An entry may arrive once for each copy that a life finds in the cache or makes. Only where an
 * indexer was lost in the middle of a life there is no telling how often.
 */
export class Round implements Surroundings {
  readonly path = temporaryDirectory();
  readonly account = new Account();
  readonly #farEnds: FarEnd[] = [];
  readonly #owed = new Set<Key>();
  readonly #accepted = new Map<number, number>();
  #stored: Stored = readStored(this.path);
  #closed = 0;
  #full = 0;

  static async begin(): Promise<Round> {
    lightChallenges();
    const round = new Round();
    for (let i = 0; i < MAX_TARGETS; i++) round.#farEnds.push(await FarEnd.create(round.account));
    onTestFinished(async () => {
      for (const farEnd of round.#farEnds) await farEnd.down();
    });
    return round;
  }

  get targets(): string[] {
    return this.#farEnds.map(({ target }) => target);
  }

  /** What is in the cache between two lives. */
  get stored(): Stored {
    return this.#stored;
  }

  /**
   * One life, until it is killed or has closed. Throws when it was not as it must be.
   * @returns the report of its `close`, if it came to an end
   */
  async live({ plan, weathers, death }: Life): Promise<IngesterReport | undefined> {
    const farEnds = this.#farEnds.filter(({ target }) => plan.targets.includes(target));
    this.account.beginLife();
    await Promise.all(farEnds.map((farEnd, i) => begin(farEnd, weathers[i])));
    const end = new AbortController();
    const ingester = new IngesterProcess(plan);
    if (death.since !== 'spawn') await ingester.says('started');
    const turns = farEnds.map((farEnd, i) => turn(farEnd, weathers[i], end.signal));
    if (death.since !== 'spawn') await ingester.says(death.since);
    await this.account.hasTaken(death.arrivals ?? 0);
    await delay(death.afterMs);
    if (death.closing !== undefined) ingester.close();
    if (typeof death.closing === 'number') await delay(death.closing);
    if (death.closing !== 'in peace') ingester.kill();
    await ingester.end();
    end.abort();
    await Promise.all(turns);
    await Promise.all(farEnds.map((farEnd) => farEnd.down()));
    this.#checkLife(plan, weathers, ingester);
    return ingester.report;
  }

  /**
   * The last life: it has nothing to write, and brings what is in the cache to the indexers. Throws
   * when anything is missing or left over then.
   */
  async drain(plan: IngesterPlan): Promise<RoundCounts> {
    this.account.beginLife();
    await Promise.all(this.#farEnds.map((farEnd) => farEnd.up(UP)));
    const ingester = new IngesterProcess(plan);
    await ingester.says('started');
    await this.#untilDrained(ingester);
    ingester.close();
    await ingester.end();
    await Promise.all(this.#farEnds.map((farEnd) => farEnd.down()));
    this.#checkEnd(ingester.report);
    return this.#counts();
  }

  async #untilDrained(ingester: IngesterProcess): Promise<void> {
    for (const end = Date.now() + DRAIN_MS; segmentsIn(this.path).length > 0; ) {
      if (Date.now() > end) {
        const left = segmentsIn(this.path).join(', ');
        throw new Error(`the cache still has ${left}; ${JSON.stringify(ingester.stats)}`);
      }
      await delay(LOOK_MS);
    }
  }

  #checkLife(plan: IngesterPlan, weathers: readonly Weather[], ingester: IngesterProcess): void {
    const before = this.#stored;
    const stored = readStored(this.path);
    this.#stored = stored;
    const { life, cache } = plan;
    const { done, report, stats } = ingester;
    this.#accepted.set(life, done);
    for (const key of stored.copies.keys()) this.#owed.add(key);
    const isClosed = report !== undefined && report.cached === report.unconfirmed;
    const isDurable = cache.mode === 'journal' || isClosed;
    for (let i = 0; isDurable && i < done; i++) this.#owed.add(keyOf(life, i));
    const { arrivals, wrong } = this.account;
    const isMissing = (key: Key) => !arrivals.has(key) && !stored.copies.has(key);

    expect(named([...this.#owed].filter(isMissing)), 'owed and nowhere').toEqual([]);
    expect(wrong, 'altered or foreign').toEqual([]);
    expect(stored.damaged, 'damaged').toEqual([]);
    if (isClosed) this.#closed++;
    if (stats?.cache.isFull) this.#full++;
    const isDark = weathers.every(({ isUp, turns }) => !isUp && turns.length === 0);
    if (isDark && stats !== undefined) {
      const { pendingEntries, unstoredBytes } = stats.cache;
      const atLeast = unstoredBytes === 0 ? pendingEntries : 0;
      expect(stored.entries, 'entries that were told as cached').toBeGreaterThanOrEqual(atLeast);
    }
    const isSteady = weathers.every(({ turns }) => turns.length === 0);
    if (isSteady) this.#checkRepeats(life, before);
  }

  /** In a life in which no connection was lost: nothing is sent more often than it was there. */
  #checkRepeats(life: number, before: Stored): void {
    const tooOften = [...this.account.recent].filter(([key, count]) => {
      const copies = lifeOf(key) === life ? 1 : (before.copies.get(key) ?? 0);
      return count > copies;
    });
    expect(named(tooOften.map(([key]) => key)), 'sent too often').toEqual([]);
  }

  #checkEnd(report: IngesterReport | undefined): void {
    const { arrivals, wrong, recentArrivals } = this.account;
    const stored = readStored(this.path);
    expect(named([...this.#owed].filter((key) => !arrivals.has(key))), 'lost').toEqual([]);
    expect(wrong, 'altered or foreign').toEqual([]);
    expect(stored.segments, 'segments left').toEqual([]);
    expect(stored.damaged, 'in quarantine').toEqual([]);
    expect(report).toMatchObject({ unconfirmed: 0, cached: 0, resentEntries: 0 });
    expect(report?.cache).toMatchObject({
      bytes: 0,
      entries: 0,
      pendingEntries: 0,
      unstoredBytes: 0,
      recoveredEntries: recentArrivals,
      droppedEntries: 0,
      damagedEntries: 0,
    });
    this.#stored = stored;
  }

  #counts(): RoundCounts {
    const { arrivals, duplicates } = this.account;
    let accepted = 0;
    let lostInMemory = 0;
    for (const [life, done] of this.#accepted) {
      accepted += done;
      for (let i = 0; i < done; i++) if (!arrivals.has(keyOf(life, i))) lostInMemory++;
    }
    const lives = this.#accepted.size;
    const counts = { lives, closed: this.#closed, full: this.#full, accepted };
    return { ...counts, owed: this.#owed.size, arrived: arrivals.size, duplicates, lostInMemory };
  }
}

async function begin(farEnd: FarEnd, weather: Weather | undefined): Promise<void> {
  if (weather?.isUp) await farEnd.up(weather);
}

/** Has an indexer go and come as it is told, until the signal. */
async function turn(farEnd: FarEnd, weather: Weather = DOWN, signal: AbortSignal) {
  let passed = 0;
  for (const at of weather.turns) {
    await delay(at - passed, undefined, { signal }).catch(() => {});
    passed = at;
    if (signal.aborted) return;
    if (farEnd.isUp) await farEnd.down();
    else await farEnd.up(weather);
  }
}
