import { setTimeout as delay } from 'node:timers/promises';
import { storeFolder } from './indexer.js';
import { cacheFolder } from './ingester.js';
import type { LinkFaults } from './link-faults.js';
import { between, type Fault, oneWay } from './network.js';
import { QUEUE, TAKER, whyNoQueue } from './queue.js';
import { RELAY } from './relay.js';
import { INDEXERS, INGESTERS, type Scene, type SceneSettings, SPARE } from './scene.js';
import { shiftClock, shiftingClock, whyNoFaketime } from './shifting-clock.js';

/** Something that goes wrong, and is well again in the end. */
export interface Case {
  readonly name: string;
  /** For people: what goes wrong. */
  readonly what: string;
  readonly scene?: SceneSettings;
  /** Makes things go wrong, and mends them again. */
  readonly harm: (scene: Scene, quick: boolean) => Promise<void>;
  /** Why it cannot be run here; `undefined`: it can. */
  readonly whyNot?: () => string | undefined;
}

/** How long a fault lasts, in milliseconds: usually, and in a quick run. */
interface Length {
  readonly usual: number;
  readonly quick: number;
}

const SECONDS: Length = { usual: 10_000, quick: 3000 };
/** Longer than a connection may be silent, and than confirmations may take. */
const MINUTES: Length = { usual: 75_000, quick: 12_000 };

/** How long a fault goes on for ingesters that do not connect through it. */
const RECONNECT_LIMIT_MS = 60_000;

const HOUR = 3600;
const SMALL_DISK = 4 * 2 ** 20;
const LARGE_DISK = 256 * 2 ** 20;

const QUEUED: SceneSettings = { through: 'queue' };
const RELAYED: SceneSettings = { through: 'relay' };

const CUT = { isCut: true };
const TO_INDEXERS = (faults: Partial<LinkFaults>) => oneWay(INGESTERS, INDEXERS, faults);
const FROM_INDEXERS = (faults: Partial<LinkFaults>) => oneWay(INDEXERS, INGESTERS, faults);
const EVERYWHERE = (faults: Partial<LinkFaults>) => between(INGESTERS, INDEXERS, faults);

export const CASES: readonly Case[] = [
  { name: 'well', what: 'nothing', harm: during([], SECONDS) },
  ...[1, 5, 10, 30].map((percent) =>
    links(`loss-${percent}`, `${percent} % of packets lost`, { lossShare: percent / 100 }),
  ),
  links('delay', '100 ± 50 ms each way', { delayMs: 100, jitterMs: 50 }),
  links('long-delay', '500 ± 200 ms each way', { delayMs: 500, jitterMs: 200 }),
  links('reorder', '25 % of packets come 50 ms late', { reorderShare: 0.25, reorderMs: 50 }),
  links(
    'slow',
    '1 Mbit/s each, for 4 Mbit/s of each ingester',
    { bitsPerSecond: 1e6 },
    { linesPerSecond: 2000 },
  ),
  {
    name: 'mtu-one',
    what: 'packets above 1280 bytes vanish on the way to indexer-1',
    harm: during(oneWay(INGESTERS, ['indexer-1'], { largestBytes: 1280 }), SECONDS),
  },
  {
    name: 'mtu',
    what: 'packets above 1280 bytes vanish',
    harm: during(EVERYWHERE({ largestBytes: 1280 }), SECONDS),
  },
  ...(
    [
      ['seconds', SECONDS],
      ['minutes', MINUTES],
    ] as const
  ).flatMap(([word, length]) => [
    pairs(`pairs-${word}`, 'each pair cut in turn', length, ({ ingester, first }) =>
      between([ingester], [first], CUT),
    ),
    pairs(
      `pairs-one-way-${word}`,
      'each pair cut in turn, towards either end',
      length,
      ({ ingester, first, second }) => [
        ...oneWay([ingester], [first], CUT),
        ...oneWay([second], [ingester], CUT),
      ],
    ),
    {
      name: `all-${word}`,
      what: 'all cut from all',
      harm: during(EVERYWHERE(CUT), length),
    },
    {
      name: `all-to-${word}`,
      what: 'nothing reaches an indexer',
      harm: during(TO_INDEXERS(CUT), length),
    },
    {
      name: `all-from-${word}`,
      what: 'nothing comes back from an indexer',
      harm: during(FROM_INDEXERS(CUT), length),
    },
  ]),
  {
    name: 'crowd',
    what: 'all cut from all; 90 connections instead of 9',
    scene: { connections: 10 },
    harm: during(EVERYWHERE(CUT), { usual: 60_000, quick: 12_000 }),
  },
  {
    name: 'dns',
    what: 'indexer-1 is gone, and its name moves to another address',
    harm: async (scene, quick) => {
      const { network } = scene;
      await network.set(between(INGESTERS, ['indexer-1'], CUT));
      await delay(of(SECONDS, quick));
      await scene.startIndexer(SPARE);
      network.moveName('indexer-1', SPARE);
    },
  },
  {
    name: 'clock',
    what: 'the clocks of ingester-1 and indexer-1 jump: an hour ahead, an hour behind, back',
    scene: {
      environment: (network, host) => (host.endsWith('-1') ? shiftingClock(network, host) : {}),
    },
    whyNot: whyNoFaketime,
    harm: async (scene, quick) => {
      for (const seconds of [HOUR, -HOUR, 0]) {
        for (const host of ['ingester-1', 'indexer-1']) shiftClock(scene.network, host, seconds);
        await delay(of(SECONDS, quick));
      }
    },
  },
  {
    name: 'cache-full',
    what: 'all cut from all, while disks of 4 MiB for caches fill',
    scene: {
      linesPerSecond: 4000,
      prepare: (network) => {
        for (const host of INGESTERS) network.mountDisk(cacheFolder(network, host), SMALL_DISK);
      },
    },
    harm: async (scene, quick) => {
      await scene.network.set(EVERYWHERE(CUT));
      await delay(of({ usual: 30_000, quick: 8000 }, quick));
      const { statuses } = await scene.look();
      const troubles = statuses.flatMap(({ cache }) => cache?.trouble ?? []);
      scene.note(`${troubles.length} caches could not store`);
      await scene.network.set([]);
    },
  },
  {
    name: 'store-full',
    what: "indexer-1's disk of 4 MiB is full, and is enlarged",
    scene: {
      linesPerSecond: 4000,
      prepare: (network) => network.mountDisk(storeFolder(network, 'indexer-1'), SMALL_DISK),
    },
    harm: async (scene, quick) => {
      await delay(of({ usual: 20_000, quick: 8000 }, quick));
      scene.network.disk(storeFolder(scene.network, 'indexer-1')).enlarge(LARGE_DISK);
    },
  },
  ...(
    [
      ['queue-loss', '10 % of packets lost around a queue', { lossShare: 0.1 }, SECONDS],
      ['queue-seconds', 'a queue cut from all', CUT, SECONDS],
      ['queue-minutes', 'a queue cut from all', CUT, MINUTES],
    ] as const
  ).map(([name, what, faults, length]) => ({
    ...{ name, what, scene: QUEUED, whyNot: whyNoQueue },
    harm: during(between([...INGESTERS, TAKER], [QUEUE], faults), length),
  })),
  {
    name: 'queue-to-indexers',
    what: 'who takes from a queue cut from all indexers',
    scene: QUEUED,
    whyNot: whyNoQueue,
    harm: during(between([TAKER], INDEXERS, CUT), MINUTES),
  },
  ...(
    [
      ['relay-seconds', 'a relay cut from all', [...INGESTERS, ...INDEXERS], SECONDS],
      ['relay-minutes', 'a relay cut from all', [...INGESTERS, ...INDEXERS], MINUTES],
      ['relay-to-indexers', 'a relay cut from all indexers', INDEXERS, MINUTES],
    ] as const
  ).map(([name, what, others, length]) => ({
    ...{ name, what, scene: RELAYED },
    harm: during(between([RELAY], others, CUT), length),
  })),
];

function of({ usual, quick }: Length, isQuick: boolean): number {
  return isQuick ? quick : usual;
}

/** Links have faults for a while. */
function during(faults: readonly Fault[], length: Length): Case['harm'] {
  return async (scene, quick) => {
    await scene.network.set(faults);
    await delay(of(length, quick));
    await scene.network.set([]);
  };
}

/**
 * All links between ingesters and indexers have a fault for a while, which is longer if it has to be: an
 * indexer is killed and started meanwhile, and every ingester has to connect to the new one.
 */
function links(
  name: string,
  what: string,
  faults: Partial<LinkFaults>,
  scene: SceneSettings = {},
): Case {
  return {
    name,
    what,
    scene,
    harm: async (scene, quick) => {
      await scene.network.set(EVERYWHERE(faults));
      await scene.restartIndexer('indexer-1');
      const tookMs = await scene.connected(RECONNECT_LIMIT_MS);
      const after =
        tookMs === undefined ? 'not in a minute' : `after ${(tookMs / 1000).toFixed(1)} s`;
      scene.note(`connections to an indexer that was started meanwhile: ${after}`);
      await delay(of(SECONDS, quick));
      await scene.network.set([]);
    },
  };
}

/** An ingester with two of its indexers. */
interface Turn {
  readonly ingester: string;
  readonly first: string;
  readonly second: string;
}

/** Each indexer is the first one of each ingester once, and the second one once. */
function pairs(
  name: string,
  what: string,
  length: Length,
  faultsOf: (turn: Turn) => Fault[],
): Case {
  const indexer = (i: number) => INDEXERS[i % INDEXERS.length] as string;
  return {
    name,
    what,
    harm: async (scene, quick) => {
      for (const shift of INDEXERS.keys()) {
        const faults = INGESTERS.flatMap((ingester, i) =>
          faultsOf({ ingester, first: indexer(i + shift), second: indexer(i + shift + 1) }),
        );
        await during(faults, length)(scene, quick);
      }
    },
  };
}
