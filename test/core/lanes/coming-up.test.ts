import { describe, expect, it } from 'vitest';
import { newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

/** Only one thing lets them all dial before the first is let in: an indexer that is silent for seconds. */
const LANES = 40;

describe('many lanes of one thread', () => {
  it('come up a few at a time: the first is let in before the last one dials', async () => {
    const indexer = await ScriptedIndexer.listen({ iterations: 500 });
    const { connections } = indexer;
    const muxer = newMuxer({
      ...{ targets: [indexer.address], connectionsPerTarget: LANES, workers: 1 },
      ringBytes: SMALL_RING,
    });
    let connectedWhenFirstLetIn = 0;
    const look = () => {
      const isFirstLetIn = connections.some(({ heard }) => heard.includes('tagRequest'));
      if (isFirstLetIn) connectedWhenFirstLetIn ||= connections.length;
      return connections.filter(({ isHot }) => isHot).length === LANES;
    };
    muxer.start();
    const first = await indexer.connection(0);
    await first.until('all lanes to be hot', look);
    expect(connectedWhenFirstLetIn).toBeLessThan(LANES);
  });
});
