import { setTimeout as delay } from 'node:timers/promises';
import {
  type Case,
  CUT,
  during,
  everywhere,
  fromIndexers,
  type Length,
  MINUTES,
  noneVanished,
  SECONDS,
  toIndexers,
} from '../case.js';
import { between, type Fault, oneWay } from '../network.js';
import { INDEXERS, INGESTERS } from '../scene.js';

/** Each ingester has another indexer in each. */
const TURNS = [0, 1, 2] as const;

/** Links that let nothing pass. */
export const CUT_CASES: readonly Case[] = [
  inTurns('pairs-seconds', 'each of the nine pairs cut, three at a time', pairs),
  inTurns(
    'pairs-one-way-seconds',
    'each ingester cut towards one indexer, and from another one, in three turns',
    pairsOneWay,
  ),
  ...TURNS.flatMap((turn) => [
    oneTurn('pairs-minutes', 'each ingester cut from one indexer', turn, pairs),
    oneTurn(
      'pairs-one-way-minutes',
      'each ingester cut towards one indexer, and from another one',
      turn,
      pairsOneWay,
    ),
  ]),
  ...(
    [
      ['seconds', SECONDS],
      ['minutes', MINUTES],
    ] as const
  ).flatMap(([word, lasts]) => [
    all(`all-${word}`, 'all cut from all', lasts, everywhere(CUT)),
    all(`all-to-${word}`, 'nothing reaches an indexer', lasts, toIndexers(CUT)),
    all(`all-from-${word}`, 'nothing comes back from an indexer', lasts, fromIndexers(CUT)),
  ]),
  {
    ...all(
      'crowd',
      'all cut from all; 90 connections instead of 9',
      { usual: 60_000, quick: 12_000 },
      everywhere(CUT),
    ),
    scene: { connections: 10 },
    isSpread: true,
    isAlone: true,
  },
];

function all(name: string, what: string, lasts: Length, faults: readonly Fault[]): Case {
  const isSpread = lasts === MINUTES;
  return { name, what, lasts, harm: during(faults), doubt: noneVanished, isSpread };
}

/** All turns, one after the other. */
function inTurns(name: string, what: string, faultsOf: (turn: number) => Fault[]): Case {
  const { usual, quick } = SECONDS;
  return {
    name,
    what,
    lasts: { usual: TURNS.length * usual, quick: TURNS.length * quick },
    harm: async (scene, lengthMs) => {
      for (const turn of TURNS) {
        await scene.network.set(faultsOf(turn));
        await delay(lengthMs / TURNS.length);
      }
      await scene.network.set([]);
    },
    doubt: noneVanished,
  };
}

function oneTurn(
  name: string,
  what: string,
  turn: number,
  faultsOf: (turn: number) => Fault[],
): Case {
  return {
    name: `${name}-${turn + 1}`,
    what: `${what} (turn ${turn + 1} of ${TURNS.length})`,
    lasts: MINUTES,
    harm: during(faultsOf(turn)),
    doubt: noneVanished,
  };
}

function pairs(turn: number): Fault[] {
  return INGESTERS.flatMap((ingester, i) => between([ingester], [indexer(i + turn)], CUT));
}

/** Towards one, and from the next one. */
function pairsOneWay(turn: number): Fault[] {
  return INGESTERS.flatMap((ingester, i) => [
    ...oneWay([ingester], [indexer(i + turn)], CUT),
    ...oneWay([indexer(i + turn + 1)], [ingester], CUT),
  ]);
}

function indexer(i: number): string {
  return INDEXERS[i % INDEXERS.length] as string;
}
