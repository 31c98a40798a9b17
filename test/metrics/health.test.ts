import { health } from '@ringest/metrics';
import { expect, it } from 'vitest';
import { closeAtOnce, coldMuxer } from '../support/cache-time.js';
import { unusedAddress, withCache } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, newMuxer } from '../support/muxer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { until } from '../support/waiting.js';

it('a muxer with an indexer is live and ready, without reasons, until it is closed', async () => {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  expect(health(muxer)).toEqual({ live: true, ready: true, reasons: [] });
  await muxer.close();
  const { live, ready, reasons } = health(muxer);
  expect([live, ready]).toEqual([false, false]);
  expect(reasons).toContain('the muxer is closed');
});

it('a muxer that is not started, or reaches no indexer, is live but not ready', async () => {
  const { address } = await unusedAddress();
  const muxer = newMuxer({ targets: [address] });
  expect(health(muxer)).toMatchObject({ live: true, ready: false });
  expect(health(muxer).reasons[0]).toBe('the muxer is not started');
  muxer.start();
  await until('an error', () => muxer.status().targets[0]?.lastError !== undefined);
  const { live, ready, reasons } = health(muxer);
  expect([live, ready]).toEqual([true, false]);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain(`${address} has 0 of 1 lanes that are hot: `);
});

it('a cache that stores entries makes a muxer ready', async () => {
  const { address } = await unusedAddress();
  const muxer = coldMuxer(withCache([address], 'fail'));
  await until('the cache', () => health(muxer).ready);
  expect(health(muxer).reasons).toHaveLength(1);
  await closeAtOnce(muxer);
});

it('a muxer whose targets have all failed for good is not live', async () => {
  const old = await ScriptedIndexer.listen({ version: 1 });
  const muxer = newMuxer({ targets: [old.address], minVersion: 5 });
  muxer.on('error', () => {});
  muxer.start();
  await until('the end', () => !health(muxer).live);
  expect(health(muxer).ready).toBe(false);
});
