import { simulate } from '@ringest/bench/internal';
import {
  Balancer,
  type BalancerOptions,
  type Candidate,
  POLICIES,
  type Policy,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../../support/test-clock.js';

const BATCH = 65536;

/** A lane of which a test sets what the balancer sees. */
class FakeLane implements Candidate {
  readonly name: string;
  isHot = true;
  rate = 100_000;
  ackLatency = 2;
  throttledFor = 0;
  unconfirmed = 0;
  looks = 0;

  constructor(name: string, given: Partial<Omit<FakeLane, 'name' | 'unconfirmedBytes'>> = {}) {
    this.name = name;
    Object.assign(this, given);
  }

  unconfirmedBytes(): number {
    this.looks++;
    return this.unconfirmed;
  }
}

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Time stands still unless a test moves it. */
function balance(
  lanes: readonly FakeLane[],
  policy: Policy = 'expectedTime',
  options: BalancerOptions = {},
): Balancer<FakeLane> {
  return new Balancer(lanes, policy, BATCH, {
    clock: { now: () => 0 },
    random: seeded(1),
    ...options,
  });
}

/** How often each lane was picked, the batches being confirmed at once. */
function picks(balancer: Balancer<FakeLane>, lanes: readonly FakeLane[], times: number): number[] {
  const counts = new Map(lanes.map((lane) => [lane, 0]));
  for (let i = 0; i < times; i++) {
    const lane = balancer.pick();
    if (lane !== undefined) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  }
  return [...counts.values()];
}

const many = (count: number, given: ConstructorParameters<typeof FakeLane>[1] = {}) =>
  Array.from({ length: count }, (_, i) => new FakeLane(`lane ${i}`, given));

describe('by expected time', () => {
  it('the expected time is the bytes before and of the batch by the rate, and the latency', () => {
    const lane = new FakeLane('a', { unconfirmed: 4 * BATCH, rate: BATCH / 2, ackLatency: 7 });
    expect(balance([lane]).expectedTime(lane)).toBe(17);
  });

  it('the lane that is expected to confirm first is picked', () => {
    const near = new FakeLane('near', { unconfirmed: 500_000 });
    const far = new FakeLane('far', { ackLatency: 50, unconfirmed: 1 });
    const slow = new FakeLane('slow', { rate: 1000, ackLatency: 65, unconfirmed: 1 });
    expect(picks(balance([far, near, slow]), [far, near, slow], 10)).toEqual([0, 10, 0]);
  });

  it('a lane that has more and more unconfirmed gives way to a slower one', () => {
    const near = new FakeLane('near', { unconfirmed: 1 });
    const far = new FakeLane('far', { ackLatency: 50, unconfirmed: 1 });
    const balancer = balance([near, far]);
    let batches = 0;
    while (balancer.pick() === near) {
      near.unconfirmed += BATCH;
      batches++;
    }
    // 50 ms of work, and nothing is in the far one's way.
    expect(near.unconfirmed / near.rate).toBeGreaterThan(35);
    expect(near.unconfirmed / near.rate).toBeLessThan(55);
    expect(batches).toBeGreaterThan(50);
  });

  it('lanes of nearly equal time take turns', () => {
    const lanes = [40, 42, 39, 47].map(
      (ackLatency, i) => new FakeLane(`lane ${i}`, { ackLatency, unconfirmed: 1 }),
    );
    expect(picks(balance(lanes), lanes, 400)).toEqual([100, 100, 100, 100]);
  });

  it('lanes whose times differ by no more than a busy machine makes them take turns', () => {
    const lanes = [0.5, 4].map(
      (ackLatency, i) => new FakeLane(`lane ${i}`, { ackLatency, unconfirmed: 1 }),
    );
    expect(picks(balance(lanes), lanes, 100)).toEqual([50, 50]);
  });

  it('a lane that is a quarter slower and more gets nothing while the faster one keeps up', () => {
    const lanes = [40, 52].map(
      (ackLatency, i) => new FakeLane(`lane ${i}`, { ackLatency, unconfirmed: 1 }),
    );
    expect(picks(balance(lanes), lanes, 100)).toEqual([100, 0]);
  });

  it('a lane that was kept out for a while makes up for little: all ingesters may have kept it out', () => {
    const lanes = many(2, { unconfirmed: 1 });
    const balancer = balance(lanes);
    const [first] = lanes as [FakeLane];
    first.ackLatency = 50;
    expect(picks(balancer, lanes, 320)).toEqual([0, 320]);
    first.ackLatency = 2;
    expect(picks(balancer, lanes, 40)).toEqual([40, 0]);
    expect(picks(balancer, lanes, 30)).toEqual([15, 15]);
  });

  it.each([20_000, 600_000, 1e9])('what a lane did not get %i ms ago is forgotten', (pause) => {
    let now = 0;
    const lanes = many(2, { unconfirmed: 1 });
    const balancer = balance(lanes, 'expectedTime', { clock: { now: () => now } });
    const [first, second] = lanes as [FakeLane, FakeLane];
    for (let i = 0; i < 1000; i++) balancer.pick(new Set([first]));
    now += pause;
    balancer.pick(new Set([second]));
    expect(picks(balancer, lanes, 1)).toEqual([0, 1]);
    expect(picks(balancer, lanes, 30)).toEqual([15, 15]);
  });

  it('a lane of unknown rate is taken for as fast as the fastest', () => {
    const unconfirmed = 5_000_000;
    const lanes = [1_000_000, 0, 100_000].map(
      (rate, i) => new FakeLane(`lane ${i}`, { rate, unconfirmed }),
    );
    expect(picks(balance(lanes), lanes, 100)).toEqual([50, 50, 0]);
  });

  it('a throttle adds what is left of it', () => {
    const lanes = [new FakeLane('throttled', { throttledFor: 100 }), new FakeLane('free')];
    const balancer = balance(lanes);
    expect(picks(balancer, lanes, 10)).toEqual([0, 10]);
    expect(balancer.expectedTime(lanes[0] as FakeLane)).toBeGreaterThan(100);
    for (const lane of lanes) lane.throttledFor = 0;
    expect(picks(balancer, lanes, 30)).toEqual([16, 14]);
  });

  /** A near lane that always has something to do, and a far one that is idle, picked just now. */
  function idleBesideBusy({ ackLatency = 50, seed = 1 } = {}) {
    const time = new TestClock();
    const near = new FakeLane('near', { unconfirmed: 1 });
    const far = new FakeLane('far', { ackLatency });
    const balancer = balance([near, far], 'expectedTime', { clock: time, random: seeded(seed) });
    expect(balancer.pick(new Set([near]))).toBe(far);
    const untilFar = (most: number) => {
      const since = time.now();
      while (balancer.pick() !== far && time.now() - since < most) time.advance(1);
      return time.now() - since;
    };
    return { near, far, balancer, untilFar };
  }

  it('an idle lane is tried again and again, now and then', () => {
    const { untilFar } = idleBesideBusy();
    for (let i = 0; i < 3; i++) {
      const waited = untilFar(2000);
      expect(waited).toBeGreaterThan(100);
      expect(waited).toBeLessThan(600);
    }
  });

  it('an idle lane is tried with a small batch', () => {
    const { near, far, balancer, untilFar } = idleBesideBusy();
    expect(balancer.batchBytes(far)).toBe(BATCH);
    untilFar(2000);
    expect([near, far].map((lane) => balancer.batchBytes(lane))).toEqual([BATCH, 4096]);
    expect(balancer.pick()).toBe(near);
    expect(balancer.batchBytes(far)).toBe(BATCH);
  });

  it('an idle lane that is as near as the others gets whole batches', () => {
    const { near, far, balancer, untilFar } = idleBesideBusy({ ackLatency: 3 });
    near.unconfirmed = 0;
    untilFar(2000);
    expect(balancer.batchBytes(far)).toBe(BATCH);
  });

  it('an idle lane is tried less often the longer its latency is', () => {
    const { untilFar } = idleBesideBusy({ ackLatency: 500 });
    for (let i = 0; i < 3; i++) expect(untilFar(10_000)).toBeGreaterThan(1000);
  });

  it('ingesters do not try an idle lane at the same time', () => {
    const waits = Array.from({ length: 20 }, (_, seed) => {
      const { untilFar } = idleBesideBusy({ seed: seed * 1e6 });
      return untilFar(2000) + untilFar(2000);
    });
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(100);
  });

  it('an idle lane is not tried while it is throttled', () => {
    const { far, untilFar } = idleBesideBusy();
    far.throttledFor = 5000;
    expect(untilFar(2000)).toBe(2000);
    far.throttledFor = 0;
    expect(untilFar(2000)).toBe(0);
  });

  it('a lane with something unconfirmed does not fade', () => {
    let now = 0;
    const near = new FakeLane('near', { unconfirmed: 1 });
    const far = new FakeLane('far', { ackLatency: 50, unconfirmed: 1 });
    const balancer = balance([near, far], 'expectedTime', { clock: { now: () => now } });
    for (; now < 10_000; now++) expect(balancer.pick()).toBe(near);
  });

  /** Four lanes of which one, the first, becomes slow, after all of them have got the same. */
  function slowingDown() {
    const time = new TestClock();
    const lanes = many(4, { unconfirmed: 1 });
    const balancer = balance(lanes, 'expectedTime', { clock: time });
    expect(picks(balancer, lanes, 40)).toEqual([10, 10, 10, 10]);
    const [slow] = lanes as [FakeLane];
    slow.ackLatency = 50;
    return { time, lanes, balancer, slow };
  }

  it('a lane that becomes slow gets nothing any more within a fraction of a second', () => {
    const { time, lanes, balancer } = slowingDown();
    for (; time.now() < 100; time.advance(1)) balancer.pick();
    expect(picks(balancer, lanes, 30)).toEqual([0, 10, 10, 10]);
  });

  it('a lane is not given up for one late confirmation', () => {
    const { time, lanes, balancer, slow } = slowingDown();
    time.advance(5);
    expect(picks(balancer, lanes, 4)).toEqual([1, 1, 1, 1]);
    slow.ackLatency = 4;
    time.advance(200);
    expect(picks(balancer, lanes, 4)).toEqual([1, 1, 1, 1]);
  });

  it('a fall of latency counts with the next batch', () => {
    const { time, lanes, balancer, slow } = slowingDown();
    time.advance(1000);
    expect(picks(balancer, lanes, 30)).toEqual([0, 10, 10, 10]);
    slow.ackLatency = 2;
    expect(balancer.pick()).toBe(slow);
  });

  it('the rate of a lane that got little is not held against it', () => {
    const lanes = [100_000, 500].map(
      (rate, i) => new FakeLane(`lane ${i}`, { rate, unconfirmed: 1 }),
    );
    expect(picks(balance(lanes), lanes, 100)).toEqual([50, 50]);
  });
});

describe('a new lane', () => {
  const newcomer = () => new FakeLane('new', { ackLatency: 0, rate: 0 });

  it('gets small batches, until it has confirmed something', () => {
    const lanes = [newcomer(), new FakeLane('known')] as const;
    const balancer = balance(lanes);
    expect(balancer.isProbed(lanes[0])).toBe(true);
    expect(balancer.isProbed(lanes[1])).toBe(false);
    expect(balancer.batchBytes(lanes[0])).toBe(4096);
    expect(balancer.batchBytes(lanes[1])).toBe(BATCH);
    lanes[0].ackLatency = 3;
    expect(balancer.isProbed(lanes[0])).toBe(false);
    expect(balancer.batchBytes(lanes[0])).toBe(BATCH);
  });

  it('never gets more than the others: their batches may be smaller still', () => {
    const lanes = [newcomer(), new FakeLane('known')] as const;
    const balancer = new Balancer(lanes, 'expectedTime', 1000);
    expect(balancer.batchBytes(lanes[0])).toBe(1000);
  });

  it('has only a few bytes unconfirmed, however busy the others are', () => {
    const lanes = [newcomer(), new FakeLane('known', { unconfirmed: 16_000_000 })] as const;
    const balancer = balance(lanes);
    for (let i = 0; i < 1000; i++) {
      const lane = balancer.pick();
      if (lane !== undefined) lane.unconfirmed += balancer.batchBytes(lane);
    }
    expect(lanes[0].unconfirmed).toBe(65536);
  });

  it('gets more when the others have no room', () => {
    const lanes = [newcomer(), new FakeLane('known')] as const;
    lanes[0].unconfirmed = 1_000_000;
    expect(balance(lanes).pick(new Set([lanes[1]]))).toBe(lanes[0]);
  });

  it('is not held back when it is alone', () => {
    const lane = newcomer();
    lane.unconfirmed = 1_000_000;
    for (const others of [[], [new FakeLane('dead', { isHot: false })]]) {
      const balancer = balance([lane, ...others]);
      expect(balancer.isProbed(lane)).toBe(false);
      expect(balancer.batchBytes(lane)).toBe(BATCH);
      expect(balancer.pick()).toBe(lane);
    }
  });

  it('of many, all of them new, is picked beyond its bound', () => {
    const lanes = many(20, { ackLatency: 0, rate: 0, unconfirmed: 1_000_000 });
    const balancer = balance(lanes);
    for (let i = 0; i < 100; i++) expect(balancer.pick()).toBeDefined();
  });

  it('is not probed by the other policies', () => {
    const lane = newcomer();
    for (const policy of ['roundRobin', 'leastOutstanding'] as const) {
      const balancer = balance([lane, new FakeLane('known')], policy);
      expect(balancer.isProbed(lane)).toBe(false);
      expect(balancer.batchBytes(lane)).toBe(BATCH);
    }
  });
});

describe.each(POLICIES)('%s', (policy) => {
  describe.each([3, 50])('of %i lanes', (count) => {
    it('picks only hot ones, and none that was passed over', () => {
      const lanes = many(count);
      const hot = lanes.slice(-2);
      for (const lane of lanes) lane.isHot = hot.includes(lane);
      const balancer = balance(lanes, policy);
      expect(balancer.eligible()).toEqual(hot);
      const seen = new Set(Array.from({ length: 200 }, () => balancer.pick()));
      expect(seen).toEqual(new Set(hot));
      const [first, second] = hot as [FakeLane, FakeLane];
      for (let i = 0; i < 100; i++) expect(balancer.pick(new Set([first]))).toBe(second);
      expect(balancer.pick(new Set(hot))).toBeUndefined();
    });

    it('picks nobody while none is hot', () => {
      const lanes = many(count, { isHot: false });
      const balancer = balance(lanes, policy);
      expect(balancer.eligible()).toEqual([]);
      expect(balancer.pick()).toBeUndefined();
    });

    it('picks any lane of a single target while none is hot', () => {
      const lanes = many(count, { isHot: false });
      const balancer = balance(lanes, policy, { sameTarget: true });
      expect(balancer.eligible()).toEqual(lanes);
      const passedOver = new Set<FakeLane>();
      for (let lane = balancer.pick(); lane !== undefined; lane = balancer.pick(passedOver)) {
        passedOver.add(lane);
      }
      expect(passedOver).toEqual(new Set(lanes));
    });

    it('picks no other lane of a single target while one is hot, even if that has no room', () => {
      const lanes = many(count, { isHot: false });
      const [hot] = lanes as [FakeLane];
      hot.isHot = true;
      const balancer = balance(lanes, policy, { sameTarget: true });
      for (let i = 0; i < 50; i++) expect(balancer.pick()).toBe(hot);
      expect(balancer.pick(new Set([hot]))).toBeUndefined();
    });

    it('finds every lane when, one after the other, each has no room', () => {
      const lanes = many(count);
      const balancer = balance(lanes, policy);
      const passedOver = new Set<FakeLane>();
      for (let lane = balancer.pick(); lane !== undefined; lane = balancer.pick(passedOver)) {
        expect(passedOver.has(lane)).toBe(false);
        passedOver.add(lane);
      }
      expect(passedOver.size).toBe(count);
    });
  });

  it('waits in the ring of the only lane there is', () => {
    const lane = new FakeLane('only', { isHot: false });
    const balancer = balance([lane], policy);
    expect(balancer.pick()).toBe(lane);
    expect(balancer.eligible()).toEqual([lane]);
  });

  it('without lanes picks nobody', () => {
    expect(balance([], policy).pick()).toBeUndefined();
  });

  it('gives equal lanes equal shares', () => {
    const lanes = many(4);
    expect(picks(balance(lanes, policy), lanes, 400)).toEqual([100, 100, 100, 100]);
  });
});

it('round-robin gives each its turn, whatever it does with it', () => {
  const lanes = [1, 50, 5].map((ackLatency, i) => new FakeLane(`lane ${i}`, { ackLatency }));
  expect(picks(balance(lanes, 'roundRobin'), lanes, 30)).toEqual([10, 10, 10]);
});

it('the least outstanding is the one with the fewest unconfirmed bytes', () => {
  const lanes = [500, 400, 600].map(
    (unconfirmed, i) => new FakeLane(`lane ${i}`, { unconfirmed, ackLatency: 50 - unconfirmed }),
  );
  expect(picks(balance(lanes, 'leastOutstanding'), lanes, 30)).toEqual([0, 30, 0]);
});

describe('of many lanes', () => {
  it('only a few are looked at for a batch', () => {
    const lanes = many(1000);
    const balancer = balance(lanes);
    picks(balancer, lanes, 1000);
    expect(lanes.reduce((looks, lane) => looks + lane.looks, 0)).toBeLessThanOrEqual(2000);
  });

  it('the better one of two that are drawn is picked', () => {
    const lanes = many(100, { unconfirmed: 1 });
    const slow = lanes.slice(0, 50);
    for (const lane of slow) lane.ackLatency = 50;
    const counts = picks(balance(lanes), lanes, 10_000);
    const toSlow = counts.slice(0, 50).reduce((sum, count) => sum + count, 0);
    // Two slow ones are drawn a quarter of the time.
    expect(toSlow / 10_000).toBeGreaterThan(0.2);
    expect(toSlow / 10_000).toBeLessThan(0.3);
  });

  it('what is unconfirmed evens out', () => {
    const lanes = many(100, { rate: 1000 });
    const balancer = balance(lanes);
    for (let i = 0; i < 10_000; i++) {
      const lane = balancer.pick();
      if (lane !== undefined) lane.unconfirmed += BATCH;
    }
    const batches = lanes.map(({ unconfirmed }) => unconfirmed / BATCH);
    expect(Math.max(...batches)).toBeLessThan(150);
    expect(Math.min(...batches)).toBeGreaterThan(50);
  });
});

describe('in simulated time', () => {
  it('a run follows from its seed', () => {
    const { pickNs: _, ...first } = simulate(10, 'expectedTime', 1);
    expect(simulate(10, 'expectedTime', 1)).toMatchObject(first);
  });

  it('skewed and changing indexers confirm sooner by expected time than by the other policies', () => {
    const p99 = (policy: Policy) => simulate(20, policy, 1).p99Ms;
    expect(p99('expectedTime')).toBeLessThan(p99('leastOutstanding'));
    expect(p99('leastOutstanding')).toBeLessThan(p99('roundRobin'));
  });
});

describe('a change of the lanes', () => {
  it.each(POLICIES)('is followed at once: %s', (policy) => {
    const [a, b, c] = many(3) as [FakeLane, FakeLane, FakeLane];
    const balancer = balance([a, b], policy);
    picks(balancer, [a, b], 5);
    balancer.setLanes([b, c], {});
    expect(picks(balancer, [a], 20)).toEqual([0, expect.any(Number), expect.any(Number)]);
    balancer.setLanes([c], {});
    expect(picks(balancer, [c], 20)).toEqual([20]);
  });

  it('keeps what a lane that stays has got', () => {
    const [a, b, c] = many(3) as [FakeLane, FakeLane, FakeLane];
    const balancer = balance([a, b]);
    b.isHot = false;
    picks(balancer, [a], 30);
    b.isHot = true;
    balancer.setLanes([a, b, c], {});
    expect(picks(balancer, [a, b, c], 8)).toEqual([0, 4, 4]);
    expect(picks(balancer, [a, b, c], 60)).toEqual([20, 20, 20]);
  });

  it('to several targets lets nothing wait in a ring while no lane is hot, to one does', () => {
    const [a, b] = many(2, { isHot: false }) as [FakeLane, FakeLane];
    const balancer = balance([a]);
    expect(balancer.pick()).toBe(a);
    balancer.setLanes([a, b], {});
    expect(balancer.pick()).toBeUndefined();
    balancer.setLanes([a, b], { sameTarget: true });
    expect([a, b]).toContain(balancer.pick());
    balancer.setLanes([b], {});
    expect(balancer.pick()).toBe(b);
  });
});
