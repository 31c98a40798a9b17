import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { CACHE_MODES } from '@ringest/core';
import { expect, it } from 'vitest';
import { closeAtOnce } from '../../support/cache-time.js';
import { CLOSE_MS, numbered, unusedAddress } from '../../support/caching.js';
import { newMuxer, SMALL_RING } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ENTRIES = 3200;

/** A muxer whose cache cannot be opened, which shows only after it has taken entries. */
async function failing(mode: 'always' | 'fail' | 'journal') {
  const { address, listen } = await unusedAddress();
  const path = temporaryDirectory();
  writeFileSync(join(path, 'quarantine'), 'no folder');
  const cache = { path, mode };
  const muxer = newMuxer({
    targets: [address],
    ringBytes: SMALL_RING,
    cache,
    closeTimeout: CLOSE_MS,
  });
  const failed = once(muxer, 'error');
  muxer.start();
  for (let i = 0; i < ENTRIES; i++) {
    // Those that still wait when the muxer closes are refused.
    muxer.writeEntry(numbered(i))?.catch(() => {});
    if (i % 400 === 0) await turn();
  }
  await failed;
  return { muxer, listen };
}

it.each(CACHE_MODES)(
  'without the cache that could not be opened, all arrives: %s',
  async (mode) => {
    const { muxer, listen } = await failing(mode);
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expect(recording.received).toHaveLength(ENTRIES);
  },
);

it.each(CACHE_MODES)('without it, close says that nothing is on disk: %s', async (mode) => {
  const { muxer } = await failing(mode);
  expect(await closeAtOnce(muxer)).toMatchObject({ cached: 0 });
});
