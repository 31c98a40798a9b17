import { setTimeout as delay } from 'node:timers/promises';
import {
  type Case,
  CUT,
  during,
  LONGER,
  MINUTES,
  noneVanished,
  noneWasLate,
  SECONDS,
  throughFaults,
} from '../case.js';
import { cacheFolder } from '../ingester.js';
import { troublesOf } from '../look.js';
import { between } from '../network.js';
import { QUEUE, queueFolder, TAKER, whyNoQueue } from '../queue.js';
import { RELAY } from '../relay.js';
import { INDEXERS, INGESTERS, type SceneSettings } from '../scene.js';
import { jumpingClocks, whyNoFaketime } from '../shifting-clock.js';

const QUEUED: SceneSettings = { through: 'queue' };
const RELAYED: SceneSettings = { through: 'relay' };

/** The server allows streams three quarters of its disk. */
const QUEUE_DISK = 128 * 2 ** 20;
const JOURNAL_DISK = 4 * 2 ** 20;

/** What goes wrong around a queue. */
const QUEUE_CASES: readonly Omit<Case, 'whyNot'>[] = [
  ...(
    [
      ['queue-loss', '10 % of packets vanish around a queue', { lossShare: 0.1 }, SECONDS],
      ['queue-seconds', 'a queue cut from all', CUT, SECONDS],
      ['queue-minutes', 'a queue cut from all', CUT, MINUTES],
    ] as const
  ).map(([name, what, faults, lasts]) => ({
    ...{ name, what, lasts, scene: QUEUED },
    harm: during(between([...INGESTERS, TAKER], [QUEUE], faults)),
    doubt: noneVanished,
  })),
  {
    name: 'queue-to-indexers',
    what: 'the process that reads a queue cut from all indexers',
    scene: QUEUED,
    lasts: MINUTES,
    harm: during(between([TAKER], INDEXERS, CUT)),
    doubt: noneVanished,
  },
  {
    name: 'queue-store-full',
    what: "the disk of a queue's server is full; then it is not, and the server is killed and started",
    scene: { ...QUEUED, prepare: (network) => network.mountDisk(queueFolder(network), QUEUE_DISK) },
    lasts: LONGER,
    harm: async (scene, lengthMs) => {
      const disk = scene.network.disk(queueFolder(scene.network));
      disk.fill();
      await delay(lengthMs);
      if ((await scene.look()).isCaughtUp) scene.problem("the queue's server could store");
      disk.free();
      await scene.restartServer();
    },
  },
];

/** What goes wrong around a relay. */
const RELAY_CASES: readonly Case[] = [
  ...(
    [
      ['relay-loss', '10 % of packets vanish around a relay', { lossShare: 0.1 }, noneVanished],
      [
        'relay-delay',
        '100 ± 50 ms each way around a relay',
        { delayMs: 100, jitterMs: 50 },
        noneWasLate,
      ],
    ] as const
  ).map(([name, what, faults, doubt]) => ({
    ...{ name, what, doubt, lasts: SECONDS, scene: RELAYED },
    harm: throughFaults(between([RELAY], [...INGESTERS, ...INDEXERS], faults)),
  })),
  ...(
    [
      ['relay-seconds', 'a relay cut from all', [...INGESTERS, ...INDEXERS], SECONDS],
      ['relay-minutes', 'a relay cut from all', [...INGESTERS, ...INDEXERS], MINUTES],
      ['relay-to-indexers', 'a relay cut from all indexers', INDEXERS, MINUTES],
      ['relay-to-ingesters', 'a relay cut from all ingesters', INGESTERS, MINUTES],
    ] as const
  ).map(([name, what, others, lasts]) => ({
    ...{ name, what, lasts, scene: RELAYED },
    harm: during(between([RELAY], others, CUT)),
    doubt: noneVanished,
  })),
  {
    name: 'relay-cache-full',
    what: 'a relay cut from all indexers, while the disk of 4 MiB for its journal fills',
    scene: {
      through: 'journalRelay',
      prepare: (network) => network.mountDisk(cacheFolder(network, RELAY), JOURNAL_DISK),
    },
    lasts: { usual: 30_000, quick: 12_000 },
    harm: async (scene, lengthMs) => {
      await scene.network.set(between([RELAY], INDEXERS, CUT));
      await delay(lengthMs);
      if (!(await scene.until((look) => troublesOf(look).includes(RELAY))))
        scene.problem("the relay's journal could store all the time");
      await scene.network.set([]);
    },
    doubt: noneVanished,
  },
];

/** Clocks that jump in between. */
const CLOCK_CASES: readonly Case[] = (
  [
    ['queue-clock', 'the process that reads a queue', TAKER, QUEUED],
    ['relay-clock', 'a relay', RELAY, RELAYED],
  ] as const
).map(([name, who, host, settings]) => {
  const { scene, harm } = jumpingClocks([host]);
  return {
    ...{ name, lasts: LONGER, harm, scene: { ...scene, ...settings } },
    what: `the clock of ${who} jumps: an hour ahead, an hour behind, back`,
    whyNot: () => (settings === QUEUED ? whyNoQueue() : undefined) ?? whyNoFaketime(),
  };
});

/** What goes wrong between ingesters and indexers where a queue or a relay is. */
export const MIDDLE_CASES: readonly Case[] = [
  ...QUEUE_CASES.map((one) => ({ ...one, whyNot: whyNoQueue })),
  ...RELAY_CASES,
  ...CLOCK_CASES,
];
