import { setTimeout as delay } from 'node:timers/promises';
import { type Case, CUT, type Evidence, LONGER } from '../case.js';
import { lanesTo } from '../look.js';
import { between } from '../network.js';
import { INGESTERS, type Scene, SPARE } from '../scene.js';

/** Names that change: they are in a file of each host (`/etc/hosts`), which is read at each look-up. */
export const NAME_CASES: readonly Case[] = [
  {
    name: 'dns',
    what: 'indexer-1 is gone, and its name moves to another address',
    lasts: LONGER,
    harm: async (scene, lengthMs) => {
      await scene.network.set(between(INGESTERS, ['indexer-1'], CUT));
      await delay(lengthMs);
      await moveToSpare(scene);
    },
    doubt: isSpareEmpty,
  },
  {
    name: 'dns-moved',
    what: 'the name of indexer-1 moves to another address, and indexer-1 is killed and started',
    lasts: LONGER,
    harm: async (scene, lengthMs) => {
      await moveToSpare(scene);
      await delay(lengthMs);
      await scene.restartIndexer('indexer-1');
    },
    doubt: isSpareEmpty,
  },
  {
    name: 'dns-nothing',
    what: 'the name of indexer-1 leads nowhere, indexer-1 is killed and started, and the name comes back',
    lasts: LONGER,
    harm: async (scene, lengthMs) => {
      const { network } = scene;
      network.removeName('indexer-1');
      await scene.restartIndexer('indexer-1');
      await delay(lengthMs);
      for (const [sender, { state, lastError }] of lanesTo('indexer-1', await scene.look()))
        if (state === 'hot' || !lastError?.includes('ENOTFOUND'))
          scene.problem(`${sender} found indexer-1 without its name: ${state}, ${lastError}`);
      network.moveName('indexer-1', 'indexer-1');
    },
  },
];

async function moveToSpare(scene: Scene): Promise<void> {
  await scene.startIndexer(SPARE);
  scene.network.moveName('indexer-1', SPARE);
}

function isSpareEmpty({ account }: Evidence): string | undefined {
  return account.storedAt(SPARE) === 0 ? 'nothing came to the new address' : undefined;
}
