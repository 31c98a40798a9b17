import { setTimeout as delay } from 'node:timers/promises';
import {
  type Case,
  during,
  everywhere,
  noneVanished,
  noneWasLate,
  SECONDS,
  throughFaults,
} from '../case.js';
import { oneWay } from '../network.js';
import { INDEXERS, INGESTERS } from '../scene.js';

const USUAL_MTU = 1500;
/** The least that IPv6 allows, and what some tunnels leave. */
const SMALL_MTU = 1280;
const TOO_LONG = { largestBytes: SMALL_MTU };

/** Links that lose, delay, reorder, are slow, and do not take long packets. */
export const LINK_CASES: readonly Case[] = [
  { name: 'well', what: 'nothing', lasts: SECONDS, harm: during([]) },
  ...[1, 5, 10, 30].map((percent) => ({
    name: `loss-${percent}`,
    what: `${percent} % of packets vanish`,
    lasts: SECONDS,
    harm: throughFaults(everywhere({ lossShare: percent / 100 })),
    doubt: noneVanished,
  })),
  ...(
    [
      ['delay', '100 ± 50 ms each way', { delayMs: 100, jitterMs: 50 }],
      ['long-delay', '500 ± 200 ms each way', { delayMs: 500, jitterMs: 200 }],
      ['reorder', '25 % of packets come 50 ms late', { reorderShare: 0.25, reorderMs: 50 }],
    ] as const
  ).map(([name, what, faults]) => ({
    ...{ name, what, lasts: SECONDS, harm: throughFaults(everywhere(faults)) },
    doubt: noneWasLate,
  })),
  {
    name: 'slow',
    what: '1 Mbit/s each, for 4 Mbit/s of each ingester',
    scene: { linesPerSecond: 2000 },
    lasts: SECONDS,
    harm: throughFaults(everywhere({ bitsPerSecond: 1e6 })),
    doubt: noneVanished,
    isAlone: true,
  },
  {
    name: 'mtu-one',
    what: `packets above ${SMALL_MTU} bytes vanish on the way to indexer-1`,
    lasts: SECONDS,
    harm: during(oneWay(INGESTERS, ['indexer-1'], TOO_LONG)),
    doubt: noneVanished,
  },
  {
    name: 'mtu',
    what: `packets above ${SMALL_MTU} bytes vanish`,
    lasts: SECONDS,
    harm: throughFaults(everywhere(TOO_LONG)),
    doubt: noneVanished,
  },
  {
    name: 'mtu-told',
    what: `packets above ${SMALL_MTU} bytes are refused by a router that says so (ICMP)`,
    lasts: SECONDS,
    harm: async (scene, lengthMs) => {
      await scene.network.set(everywhere({ ...TOO_LONG, tellsLargest: true }));
      await delay(lengthMs);
      for (const indexer of INDEXERS) await scene.confirmedBy(indexer);
      await scene.reconnectTo('indexer-1');
      await scene.network.set([]);
    },
    doubt: noneVanished,
  },
  {
    name: 'mtu-mismatch',
    what: `the MTU of indexer-1 becomes ${SMALL_MTU}, and it gets nothing longer`,
    lasts: SECONDS,
    harm: async (scene, lengthMs) => {
      const { network } = scene;
      await network.setMtu('indexer-1', SMALL_MTU);
      await network.set(oneWay(INGESTERS, ['indexer-1'], TOO_LONG));
      await delay(lengthMs);
      // Who connects from then on is told how long packets may be (MSS).
      await scene.reconnectTo('indexer-1');
      await scene.confirmedBy('indexer-1');
      await network.set([]);
      await network.setMtu('indexer-1', USUAL_MTU);
    },
    doubt: noneVanished,
  },
];
