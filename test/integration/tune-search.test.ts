import {
  type Candidate,
  countRounds,
  defaultChoices,
  type Found,
  makeSpace,
  pairsOf,
  planRungs,
  type Rung,
  recommend,
  type Scored,
  search,
} from '@ringest/bench/internal';
import { SeededRandom } from '@ringest/bench/shared';
import { describe, expect, it } from 'vitest';

const GIBIBYTE = 2 ** 30;

function candidate(name: string): Candidate {
  const configuration = { workers: 1, connections: 1, ringBytes: 65536, path: 'entry', batch: 0 };
  return { name, configuration: configuration as Candidate['configuration'] };
}

const BASE = candidate('default');

/** Challengers whose true scores are 1, 1.1, 1.2 and so on, in this order; the default has 1. */
const CHALLENGERS = Array.from({ length: 16 }, (_, i) => candidate(`${i}`));
const truth = ({ name }: Candidate) => (name === 'default' ? 1 : 1 + Number(name) / 10);

interface Trial {
  readonly rungs: readonly Rung[];
  readonly challengers?: readonly Candidate[];
  readonly seed?: number;
  /** How many passes of each rung there is time for. */
  readonly passes?: number;
  score?(candidate: Candidate, rung: number, round: number): number;
}

function find({ rungs, challengers = CHALLENGERS, seed = 1, passes, score = truth }: Trial) {
  let asked = 0;
  return search({
    ...{ base: BASE, challengers, rungs, random: new SeededRandom(seed) },
    measure: async (one, { rung, round }) => score(one, rung, round),
    hasTime: () => passes === undefined || ++asked < passes,
  });
}

describe('the space of a tuner', () => {
  const room = { processors: 2, memoryBytes: 24 * GIBIBYTE, targets: 1 };

  it('begins with the defaults of a muxer', () => {
    const { base } = makeSpace(defaultChoices(room), room);
    expect(base).toEqual({
      name: 'entry, ring 16 MiB, connections 1, workers 1',
      configuration: {
        workers: 1,
        connections: 1,
        ringBytes: 16 * 2 ** 20,
        path: 'entry',
        batch: 0,
      },
    });
  });

  it('has each configuration once, and no thread without a lane', () => {
    const { base, neighbours, others, tooLarge } = makeSpace(defaultChoices(room), room);
    const all = [base, ...neighbours, ...others];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    // 7 pairs of connections and workers, 4 rings, 4 ways to write.
    expect(all).toHaveLength(7 * 4 * 4);
    expect(tooLarge).toBe(0);
    for (const { configuration } of all) {
      expect(configuration.workers).toBeLessThanOrEqual(configuration.connections);
      expect(configuration.batch > 0).toBe(configuration.path === 'batch');
    }
  });

  it('knows what differs from the default in one thing', () => {
    const { neighbours } = makeSpace(defaultChoices(room), room);
    // Rings, ways to write, and numbers of connections, each with one worker or more.
    expect(neighbours).toHaveLength(3 + 3 + 6);
    expect(neighbours.map(({ name }) => name)).toContain(
      'batch 64, ring 16 MiB, connections 1, workers 1',
    );
  });

  it('leaves out what would take a quarter of the memory', () => {
    const small = { ...room, memoryBytes: GIBIBYTE };
    const { neighbours, others, tooLarge } = makeSpace(defaultChoices(room), small);
    const rings = [...neighbours, ...others].map(
      ({ configuration: { ringBytes, connections } }) => ringBytes * connections,
    );
    expect(Math.max(...rings)).toBe(GIBIBYTE / 4);
    expect(rings.length + tooLarge).toBe(7 * 4 * 4 - 1);
    expect(tooLarge).toBe(8);
  });

  it('has what was given, the first of each as the default', () => {
    const choices = { workers: [1], connections: [4, 1], ringBytes: [65536], batches: [64] };
    const { base, neighbours, others } = makeSpace({ ...choices, paths: ['batch'] }, room);
    expect(base.name).toBe('batch 64, ring 64 KiB, connections 4, workers 1');
    expect(neighbours.map(({ configuration }) => configuration.connections)).toEqual([1]);
    expect(others).toEqual([]);
  });
});

describe('the rungs of a tuner', () => {
  it('halve the candidates and double the passes', () => {
    expect(planRungs(16, 150)).toEqual([
      { challengers: 16, passes: 1, leastPasses: 1 },
      { challengers: 8, passes: 2, leastPasses: 1 },
      { challengers: 4, passes: 4, leastPasses: 1 },
      { challengers: 2, passes: 10, leastPasses: 7 },
    ]);
  });

  it('take as many candidates as there is time for, and at least some', () => {
    for (const rounds of [0, 40, 100, 200, 1000]) {
      const rungs = planRungs(111, rounds);
      const [{ challengers } = { challengers: 0 }] = rungs;
      expect(challengers).toBeGreaterThanOrEqual(3);
      expect(challengers).toBeLessThanOrEqual(111);
      if (challengers > 3) expect(countRounds(rungs)).toBeLessThanOrEqual(rounds);
    }
  });

  it('have more passes when there is more time than candidates', () => {
    expect(planRungs(1, 1000)).toEqual([{ challengers: 1, passes: 40, leastPasses: 6 }]);
    expect(planRungs(1, 0)).toEqual([{ challengers: 1, passes: 10, leastPasses: 6 }]);
  });
});

describe('the search of a tuner', () => {
  const rungs = planRungs(16, 150);

  it('ends with the best of all', async () => {
    const { finalists, rounds } = await find({ rungs });
    expect(finalists.map(({ name }) => name)).toEqual(['15', '14']);
    expect(rounds).toHaveLength(countRounds(rungs));
  });

  it('is not turned by what slows all rounds of a pass', async () => {
    const weather = new SeededRandom(3);
    const passes = new Map<string, number>();
    const score = (one: Candidate, rung: number, round: number) => {
      const pass = `${rung}.${round}`;
      const slow = passes.get(pass) ?? weather.logNormal(1, 2);
      passes.set(pass, slow);
      return truth(one) * slow;
    };
    const { finalists } = await find({ rungs, score });
    expect(finalists[0]?.name).toBe('15');
  });

  it('has a round of each candidate and of the default in every pass, in an order of its own', async () => {
    const { rounds } = await find({ rungs: planRungs(3, 0), challengers: CHALLENGERS.slice(0, 3) });
    const orders = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const names = rounds.filter((one) => one.round === round).map((one) => one.candidate);
      expect(names.toSorted()).toEqual(['0', '1', '2', 'default']);
      orders.add(names.join());
    }
    expect(orders.size).toBeGreaterThan(3);
  });

  it('goes the same way with the same seed', async () => {
    const [first, second, other] = await Promise.all([
      find({ rungs, seed: 5 }),
      find({ rungs, seed: 5 }),
      find({ rungs, seed: 6 }),
    ]);
    expect(second).toEqual(first);
    expect(other.rounds).not.toEqual(first.rounds);
  });

  it('has no more than the least passes when the time is up', async () => {
    const { rounds } = await find({ rungs, passes: 0 });
    const passes = rungs.map((_, rung) =>
      Math.max(...rounds.filter((one) => one.rung === rung).map((one) => one.round + 1)),
    );
    expect(passes).toEqual([1, 1, 1, 7]);
  });

  it('compares only rounds of the same pass', () => {
    const rounds: Scored[] = [
      { candidate: 'a', rung: 0, round: 0, score: 2 },
      { candidate: 'b', rung: 0, round: 0, score: 1 },
      { candidate: 'a', rung: 0, round: 1, score: 3 },
      { candidate: 'b', rung: 1, round: 1, score: 5 },
    ];
    expect(pairsOf(rounds, 'a', 'b')).toEqual([[2, 1]]);
  });
});

describe('what a tuner recommends', () => {
  const rungs = planRungs(3, 0);
  const [one, two, three] = CHALLENGERS.slice(0, 3) as [Candidate, Candidate, Candidate];
  const outcome = (score: NonNullable<Trial['score']>): Promise<Found> =>
    find({ rungs, challengers: [one, two, three], score });

  it('is what was better in every pass, and it says by how much', async () => {
    const found = await outcome(({ name }) => (name === '1' ? 2 : 1));
    const { recommended, sure } = recommend(found, 'default');
    expect(recommended).toBe('1');
    expect(sure).toEqual({
      isBetter: true,
      confidence: 0.95,
      text: '"1" was 2.00 times (2.00 to 2.00) as good as the default, 95% sure of all 3 in the last rung together',
    });
  });

  it('is the default when the rest is noise, whoever was best', async () => {
    const noise = new SeededRandom(11);
    const found = await outcome(() => noise.logNormal(1, 0.1));
    const { recommended, sure } = recommend(found, 'default');
    expect(recommended).toBe('default');
    expect(sure.isBetter).toBe(false);
    expect(sure.text).toMatch(
      /^no configuration was better than the default beyond noise: the best, "\d", was \d\.\d\d times \(\d\.\d\d to \d\.\d\d\) as good$/,
    );
  });

  it('is the default when everything else was worse', async () => {
    const found = await outcome(({ name }) => (name === 'default' ? 2 : 1));
    expect(recommend(found, 'default').recommended).toBe('default');
  });

  it('does not count the luck of the rungs before the last', async () => {
    const all = planRungs(4, 1000);
    const score = (candidate: Candidate, rung: number) =>
      candidate.name === '0' && rung < all.length - 1 ? 10 : 1;
    const found = await find({ rungs: all, challengers: CHALLENGERS.slice(0, 4), score });
    expect(found.finalists.map(({ name }) => name)).toContain('0');
    expect(recommend(found, 'default').recommended).toBe('default');
  });
});
