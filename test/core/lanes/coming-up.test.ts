import { describe, expect, it } from 'vitest';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const LANES = 40;
const SILENT = 20;

describe('many lanes of one thread', () => {
  it('come up, although a few dial and answer at a time', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({
      ...{ targets: [indexer.address], connectionsPerTarget: LANES, workers: 1 },
      ringBytes: SMALL_RING,
    });
    muxer.start();
    for (let i = 0; i < LANES; i++) await indexer.hot(i);
  });

  it('come up while others wait for the challenge of a silent indexer', async () => {
    const silent = await ScriptedIndexer.listen({ greets: false });
    const good = await ScriptedIndexer.listen();
    const targets = [...Array<string>(SILENT).fill(silent.address), good.address];
    const times = { handshake: 600_000 };
    await hotMuxer({ targets, times, workers: 1, ringBytes: SMALL_RING });
    await silent.connection(SILENT - 1);
    expect(silent.connections.map(({ isEnded }) => isEnded)).toEqual(Array(SILENT).fill(false));
  });
});
