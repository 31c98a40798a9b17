import { EntriesLostError, NotRunningError } from '@ringest/core';
import { type Batch, Receipts } from '@ringest/queues';
import { expect, it } from 'vitest';
import { turn } from '../support/waiting.js';

/** Receipts whose barriers end as a test says, and what they have told. */
function receipts() {
  const barriers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const told: string[] = [];
  const one = new Receipts<Batch & { name: string }>(
    () => new Promise((resolve, reject) => barriers.push({ resolve, reject })),
    {
      confirmed: ({ name }) => told.push(`${name} confirmed`),
      lost: ({ name }) => told.push(`${name} lost`),
      failed: (error) => told.push(error.name),
    },
  );
  const add = (...names: string[]) => {
    for (const name of names) one.add({ name, count: 10, bytes: 100 });
  };
  return { one, add, barriers, told };
}

it('batches are told of in their order, whichever barrier is the first to end', async () => {
  const { one, add, barriers, told } = receipts();
  add('first', 'second', 'third');
  expect([one.messages, one.bytes]).toEqual([30, 300]);
  barriers[1]?.resolve();
  await turn();
  expect(told).toEqual([]);
  barriers[0]?.reject(new EntriesLostError(1, 'dropped'));
  await turn();
  expect(told).toEqual(['first lost', 'second confirmed']);
  expect([...one.batches()].map(({ name }) => name)).toEqual(['third']);
  expect([one.messages, one.bytes]).toEqual([10, 100]);
});

it('nothing behind a batch that will not be confirmed is told of', async () => {
  const { one, add, barriers, told } = receipts();
  add('first', 'second', 'third');
  barriers[1]?.resolve();
  barriers[0]?.reject(new NotRunningError('closed'));
  barriers[2]?.reject(new NotRunningError('closed'));
  await turn();
  expect(told).toEqual(['NotRunningError']);
  expect(one.messages).toBe(30);
});
