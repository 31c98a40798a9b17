import { describe, expect, it } from 'vitest';
import { newMuxer, SMALL_RING } from '../support/muxer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

const LANES = 12;

describe('many lanes of one thread', () => {
  it('come up a few at a time: the first is hot before the last one dials', async () => {
    const indexer = await ScriptedIndexer.listen({ iterations: 2000 });
    const { connections } = indexer;
    const muxer = newMuxer({
      ...{ targets: [indexer.address], connectionsPerTarget: LANES, workers: 1 },
      ringBytes: SMALL_RING,
    });
    let connectedWhenFirstHot = 0;
    const look = () => {
      const hot = connections.filter(({ isHot }) => isHot).length;
      if (hot > 0) connectedWhenFirstHot ||= connections.length;
      return hot === LANES;
    };
    muxer.start();
    await indexer.connection(0);
    await connections[0]?.until('all lanes to be hot', look);
    expect(connections).toHaveLength(LANES);
    expect(connectedWhenFirstHot).toBeLessThan(LANES);
  });
});
