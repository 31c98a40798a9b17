import { expect, it } from 'vitest';
import { type Account, account } from './account.js';
import { FaultEntries } from './entries.js';

const entries = new FaultEntries(7);
entries.addTag(3, 'late', 50);

/** The account of 100 entries, of which indexers have taken these. */
const accountOf = (...indexers: readonly (readonly [sequence: number, check: number][])[]) =>
  account(
    indexers.map((taken) => ({
      async read(take) {
        for (const [sequence, check] of taken) take(sequence, check);
      },
    })),
    entries,
    100,
  );

const right = (from: number, to: number): [number, number][] =>
  Array.from({ length: to - from }, (_, i) => [from + i, entries.check(from + i)]);

it.each<[string, Promise<Account>, Partial<Account>]>([
  ['all is there', accountOf(right(0, 60), right(60, 100)), { lost: 0, duplicates: 0, foreign: 0 }],
  ['one is nowhere', accountOf(right(0, 60), right(61, 100)), { lost: 1, examples: [60] }],
  ['some came twice', accountOf(right(0, 70), right(60, 100)), { lost: 0, duplicates: 10 }],
  ['one is altered', accountOf([...right(0, 99), [99, 1]]), { lost: 1, foreign: 1 }],
  ['one came again, altered', accountOf([...right(0, 100), [99, 1]]), { lost: 0, foreign: 1 }],
  ['one was never written', accountOf(right(0, 101)), { lost: 0, foreign: 1, examples: [100] }],
])('the account says it when %s', async (_what, promise, expected) => {
  expect(await promise).toMatchObject(expected);
});

it('an entry with another tag is another entry', () => {
  const without = new FaultEntries(7);
  expect(without.check(255)).toBe(entries.check(255));
  expect(without.check(256)).not.toBe(entries.check(256));
});
