import { once } from 'node:events';
import type { EntryInput, IngestMuxer } from '@ringest/core';
import { expect, it } from 'vitest';
import { hotMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';

const RING_BYTES = 2 ** 21;
const FRAME = 146;
const NEVER = { firstRetry: 600_000, mostRetry: 600_000 };

const entry = (i: number): EntryInput => ({ timestamp: i, tag: 0, data: Buffer.alloc(100) });

const unconfirmed = (muxer: IngestMuxer, lane: number) =>
  muxer.stats().lanes[lane]?.unconfirmedBytes ?? 0;

it('moving a full ring to another lane never keeps the event loop for half a second', async () => {
  const first = await ScriptedIndexer.listen();
  const readiness = [false];
  const second = await ScriptedIndexer.listen({ readiness });
  const targets = [first.address, second.address];
  const muxer = await hotMuxer({ ringBytes: RING_BYTES, targets, workers: 2, times: NEVER });
  const count = Math.floor(RING_BYTES / FRAME) - 1;
  for (let i = 0; i < count; i++) muxer.writeEntry(entry(i));
  await (await first.hot(0)).entries(count);
  const bothHot = once(muxer, 'hot');
  readiness.push(true);
  await bothHot;
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (!isOver) setImmediate(look);
  };
  look();
  await first.close();
  await until('the move', () => unconfirmed(muxer, 1) > RING_BYTES - 2 * FRAME);
  isOver = true;
  expect(longest).toBeLessThan(500);
});
