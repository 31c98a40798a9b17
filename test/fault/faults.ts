import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@ringest/bench/shared';
import type { Victim } from '../support/victim.js';
import type { Traffic } from './traffic.js';

export type Fault = 'kill' | 'hang' | 'killed while it hangs' | 'pause';

/** What is done to a victim in the suite, which is each fault once. */
const EACH: readonly Fault[] = ['kill', 'hang', 'killed while it hangs', 'pause'];

/** Entries that are confirmed from one fault of a victim to its next, at most. */
const MAX_CALM = 5000;
/** Far less than the muxer takes for the silence of an indexer that is gone. */
const MAX_PAUSE_MS = 200;

/** Which faults come, and how many of each have come. */
export class Faults {
  readonly counts: Record<Fault, number> = {
    kill: 0,
    hang: 0,
    'killed while it hangs': 0,
    pause: 0,
  };

  /**
   * Does one fault after the other to a victim, a kill first, and leaves it running. Traffic flows
   * between two of them.
   *
   * @param goesOn whether there is another fault after so many; no victim gets away without a kill.
   */
  async torment(
    victim: Victim,
    traffic: Traffic,
    random: SeededRandom,
    goesOn: (done: number) => boolean,
  ): Promise<void> {
    const rest = [...EACH.slice(1)];
    for (let done = 0; done === 0 || goesOn(done); done++) {
      await traffic.flows(Math.floor(random.uniform() * MAX_CALM));
      if (rest.length === 0) rest.push(...EACH);
      const [another = 'kill'] = rest.splice(Math.floor(random.uniform() * rest.length), 1);
      await this.#doOne(done === 0 ? 'kill' : another, victim, traffic, random);
    }
  }

  async #doOne(
    fault: Fault,
    victim: Victim,
    traffic: Traffic,
    random: SeededRandom,
  ): Promise<void> {
    this.counts[fault]++;
    if (fault === 'pause') {
      victim.stop();
      await delay(1 + random.uniform() * MAX_PAUSE_MS);
    } else if (fault !== 'kill') {
      const isLost = traffic.isLost(victim);
      victim.stop();
      await isLost;
    }
    if (fault === 'hang' || fault === 'pause') {
      victim.goOn();
      return;
    }
    await victim.kill();
    // Most come back with other numbers for the tags.
    const firstTag = random.uniform() < 0.3 ? 1000 : 100 + Math.floor(random.uniform() * 59_900);
    await victim.start(firstTag);
  }
}
