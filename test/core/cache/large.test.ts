import { CACHE_MODES } from '@ringest/core';
import { expect, it } from 'vitest';
import { closeAtOnce } from '../../support/cache-time.js';
import { CLOSE_MS, untilEmpty } from '../../support/caching.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const TAGS = ['one', 'two', 'three'];

/** The indexer's numbers are others than the muxer's. */
const numberTags = (names: readonly string[]) =>
  new Map(names.map((name, i) => [name, (i + 1) % names.length]));

it.each(CACHE_MODES)(
  'a large entry that was sent and not confirmed keeps its tag when the muxer closes: %s',
  async (mode) => {
    const first = await ScriptedIndexer.listen({ confirms: 'never', numberTags });
    const cache = { path: temporaryDirectory(), mode };
    const given = { tags: TAGS, ringBytes: SMALL_RING, cache, closeTimeout: CLOSE_MS };
    const muxer = await hotMuxer({ ...given, targets: [first.address] });
    const connection = await first.hot(0);
    void muxer.writeEntry({ timestamp: 1, tag: 0, data: 'large '.repeat(5000) });
    void muxer.writeEntry({ timestamp: 1, tag: 0, data: 'small' });
    await connection.entries(2);
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 2, cached: 2 });

    const recording = await Receiver.start();
    const next = await hotMuxer({ ...given, targets: [recording.address] });
    await recording.entries(2);
    await untilEmpty(next);
    expect(recording.received.map(({ tag }) => tag)).toEqual(['one', 'one']);
  },
);
