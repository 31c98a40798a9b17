import type { Victim } from '../support/victim.js';
import { type FaultEntries, MAX_ENTRIES } from './entries.js';

/** What became of all entries. */
export interface Account {
  /** Entries that no indexer has. */
  readonly lost: number;
  /** Arrivals of entries that had arrived before, the same or elsewhere. */
  readonly duplicates: number;
  /** Arrivals of what was never written: an unknown number, or something altered. */
  readonly foreign: number;
  /** Sequence numbers of some that are lost or foreign. */
  readonly examples: readonly number[];
}

const MAX_EXAMPLES = 10;

/** Compares what indexers have taken with the first `count` of the entries. */
export async function account(
  victims: readonly Pick<Victim, 'read'>[],
  entries: FaultEntries,
  count: number,
): Promise<Account> {
  const checks = new Uint32Array(count);
  const hasArrived = new Uint8Array(count);
  const examples: number[] = [];
  let arrived = 0;
  let duplicates = 0;
  let foreign = 0;
  const take = (sequence: number, check: number) => {
    const isKnown = sequence < count && sequence < MAX_ENTRIES;
    if (isKnown && hasArrived[sequence] === 0) checks[sequence] = entries.check(sequence);
    if (!isKnown || checks[sequence] !== check) {
      foreign++;
      if (examples.length < MAX_EXAMPLES) examples.push(sequence);
    } else if (hasArrived[sequence] === 1) {
      duplicates++;
    } else {
      hasArrived[sequence] = 1;
      arrived++;
    }
  };
  for (const victim of victims) await victim.read(take);
  for (let i = hasArrived.indexOf(0); i >= 0 && examples.length < MAX_EXAMPLES; ) {
    examples.push(i);
    i = hasArrived.indexOf(0, i + 1);
  }
  return { lost: count - arrived, duplicates, foreign, examples };
}
