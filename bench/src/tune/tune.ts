import type { LoadOptions } from '../load/load-options.js';
import { SeededRandom } from '../shared/random.js';
import { type Candidate, makeSpace, type Space } from './configurations.js';
import { thisMachine } from './machine.js';
import { countRounds, planRungs, type Rung } from './plan.js';
import { runRound } from './round.js';
import type { RoundFigures } from './round-messages.js';
import { MEASURES } from './score.js';
import { type Place, search, shuffle } from './search.js';
import { embeddedIndexers, otherIndexers, type TuneIndexers } from './tune-indexers.js';
import type { TuneObserver } from './tune-observer.js';
import type { TuneOptions } from './tune-options.js';
import type { TuneConfiguration, TuneReport, TuneRound } from './tune-report.js';
import { summarize } from './tune-summary.js';

/** The part of a round that is not measured. */
const WARM_UP = 1 / 4;

/** There is only one configuration to choose from. */
export class NoChoiceError extends Error {
  readonly code = 'NO_CHOICE';

  constructor(name: string) {
    super(`there is only one configuration, "${name}": give a flag more than one value`);
    this.name = 'NoChoiceError';
  }
}

/**
 * Looks for the best configuration for this machine and these indexers.
 * @param stop ends it early, without a report
 * @throws {NoChoiceError}
 * @throws {LostEntriesError} a round has lost something
 */
export async function tune(
  options: TuneOptions,
  observer: TuneObserver,
  stop: AbortSignal,
): Promise<TuneReport> {
  const { load, embedded, choices } = options;
  const isEmbedded = load.targets.length === 0;
  const space = makeSpace(choices, {
    ...thisMachine(),
    targets: isEmbedded ? embedded.indexers : load.targets.length,
  });
  if (space.neighbours.length + space.others.length === 0) throw new NoChoiceError(space.base.name);
  const indexers = isEmbedded ? await embeddedIndexers(embedded, load) : otherIndexers(load);
  try {
    return await new Tuner(options, space, indexers, observer, stop).run();
  } finally {
    await indexers.stop();
  }
}

class Tuner {
  readonly #options: TuneOptions;
  readonly #space: Space;
  readonly #indexers: TuneIndexers;
  readonly #observer: TuneObserver;
  readonly #stop: AbortSignal;
  readonly #startedAt = new Date();
  readonly #start = performance.now();
  readonly #rounds: TuneRound[] = [];
  #rungs: readonly Rung[] = [];

  constructor(
    options: TuneOptions,
    space: Space,
    indexers: TuneIndexers,
    observer: TuneObserver,
    stop: AbortSignal,
  ) {
    this.#options = options;
    this.#space = space;
    this.#indexers = indexers;
    this.#observer = observer;
    this.#stop = stop;
  }

  async run(): Promise<TuneReport> {
    const { goal, seed, budgetMs } = this.#options;
    const { base, neighbours, others, tooLarge } = this.#space;
    // It warms up the machine and the indexers, and says how long a round takes.
    await this.#runRound(base);
    const roundMs = this.#elapsedMs;
    const spaceSize = 1 + neighbours.length + others.length;
    const rungs = planRungs(spaceSize - 1, (budgetMs - roundMs) / roundMs);
    this.#rungs = rungs;
    const rounds = countRounds(rungs);
    const tried = 1 + (rungs[0]?.challengers ?? 0);
    this.#observer.planned({ tried, spaceSize, tooLarge, rungs: rungs.length, rounds, roundMs });
    const random = new SeededRandom(seed);
    const found = await search({
      ...{ base, rungs, random },
      challengers: [...shuffle(neighbours, random), ...shuffle(others, random)],
      measure: async (candidate, place) => {
        const round = await this.#measure(candidate, place);
        return MEASURES[goal].scoreOf(round);
      },
      hasTime: (rung) => this.#elapsedMs + this.#passMs(rung) <= this.#endOf(rung),
    });
    return summarize({
      ...{ options: this.#options, candidates: [base, ...neighbours, ...others], base, found },
      ...{ rounds: this.#rounds, spaceSize, targets: this.#indexers.options.targets },
      ...{ startedAt: this.#startedAt, elapsedMs: this.#elapsedMs },
    });
  }

  get #elapsedMs(): number {
    return performance.now() - this.#start;
  }

  /** What a round takes, on average; the first one, which is in no rung, is in it. */
  get #roundMs(): number {
    return this.#elapsedMs / (this.#rounds.length + 1);
  }

  #passMs(rung: number): number {
    return ((this.#rungs[rung]?.challengers ?? 0) + 1) * this.#roundMs;
  }

  /** When a rung should be over, so that those after it have their share of the time. */
  #endOf(rung: number): number {
    const done = countRounds(this.#rungs.slice(0, rung + 1));
    return (this.#options.budgetMs * done) / countRounds(this.#rungs);
  }

  async #measure(candidate: Candidate, place: Place): Promise<TuneRound> {
    const { entriesPerSecond, processorSecondsPerMillion, p99Ms } = await this.#runRound(candidate);
    const round = { ...place, entriesPerSecond, processorSecondsPerMillion, p99Ms };
    this.#rounds.push(round);
    const planned = countRounds(this.#rungs);
    const done = countRounds(this.#rungs.slice(0, place.rung)) + this.#doneOf(place.rung);
    const leftMs = (planned - done) * this.#roundMs;
    this.#observer.measured({ rung: place.rung, round, done, planned, leftMs });
    return round;
  }

  #doneOf(rung: number): number {
    return this.#rounds.filter((round) => round.rung === rung).length;
  }

  /** Runs a round, and fails where it was not whole. */
  async #runRound({ name, configuration }: Candidate): Promise<RoundFigures> {
    const { load, roundMs } = this.#options;
    const options = configured({ ...load, ...this.#indexers.options }, configuration, roundMs);
    const warmUpMs = roundMs * WARM_UP;
    await this.#indexers.begin();
    const settings = { options, warmUpMs, measuredMs: roundMs - warmUpMs };
    const figures = await runRound(settings, this.#stop).catch((cause: Error) => {
      this.#stop.throwIfAborted();
      throw new Error(`${name}: ${cause.message}`, { cause });
    });
    await this.#indexers.check(figures);
    for (const problem of figures.problems) this.#observer.problem(`${name}: ${problem}`);
    return figures;
  }
}

/** The load of a round. */
function configured(
  load: LoadOptions,
  { workers, connections, ringBytes, path, batch }: TuneConfiguration,
  roundMs: number,
): LoadOptions {
  const latencyFromMs = roundMs * WARM_UP;
  return {
    ...load,
    ...{ workers, connections, ringBytes, batch, inLines: path === 'lines', latencyFromMs },
  };
}
