import { setTimeout as delay } from 'node:timers/promises';
import { type Case, CUT, everywhere, LONGER } from '../case.js';
import { storeFolder } from '../indexer.js';
import { cacheFolder } from '../ingester.js';
import { troublesOf } from '../look.js';
import { INGESTERS } from '../scene.js';
import { JUMP_SECONDS, jumpingClocks, whyNoFaketime } from '../shifting-clock.js';

const SMALL_DISK = 4 * 2 ** 20;
const LARGE_DISK = 256 * 2 ** 20;
/** So much of an ingester that the disks fill soon. */
const FAST = 4000;

/** Disks that fill, and clocks that jump, of ingesters and indexers. */
export const DISK_AND_CLOCK_CASES: readonly Case[] = [
  {
    name: 'clock',
    what: 'the clocks of the ingesters and of indexer-1 jump: an hour ahead, an hour behind, back',
    lasts: LONGER,
    ...jumpingClocks([...INGESTERS, 'indexer-1']),
    whyNot: whyNoFaketime,
    doubt: ({ account }) => {
      const others = INGESTERS.filter((host) => account.secondsOf(host) < 1.9 * JUMP_SECONDS);
      return others.length === 0 ? undefined : `the clock did not jump: ${others.join(', ')}`;
    },
  },
  {
    name: 'cache-full',
    what: 'all cut from all, while disks of 4 MiB for caches fill',
    scene: {
      linesPerSecond: FAST,
      prepare: (network) => {
        for (const host of INGESTERS) network.mountDisk(cacheFolder(network, host), SMALL_DISK);
      },
    },
    lasts: { usual: 30_000, quick: 8000 },
    harm: async (scene, lengthMs) => {
      await scene.network.set(everywhere(CUT));
      await delay(lengthMs);
      // The third one has no cache.
      if (!(await scene.until((look) => troublesOf(look).length === 2)))
        scene.problem('two caches could store all the time');
      await scene.network.set([]);
    },
    isAlone: true,
  },
  {
    name: 'store-full',
    what: "indexer-1's disk of 4 MiB is full, and is enlarged",
    scene: {
      linesPerSecond: FAST,
      prepare: (network) => network.mountDisk(storeFolder(network, 'indexer-1'), SMALL_DISK),
    },
    lasts: { usual: 20_000, quick: 8000 },
    harm: async (scene, lengthMs) => {
      const disk = scene.network.disk(storeFolder(scene.network, 'indexer-1'));
      await delay(lengthMs);
      if (!(await scene.until(() => disk.freeBytes === 0)))
        scene.problem(`indexer-1's disk has ${disk.freeBytes} bytes left`);
      disk.enlarge(LARGE_DISK);
    },
    isAlone: true,
  },
];
