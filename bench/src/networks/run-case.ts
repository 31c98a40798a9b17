import { setTimeout as delay } from 'node:timers/promises';
import type { Totals } from './account.js';
import type { Case } from './cases.js';
import { monotonicMs } from './monotonic.js';
import { type Spread, spreadOf } from './reconnects.js';
import { type Recovery, watchRecovery } from './recovery.js';
import { Scene } from './scene.js';

/** How long everything is well before a fault and after the recovery. */
const WELL_MS = 2000;

/** What a case found. */
export interface CaseResult {
  readonly name: string;
  readonly what: string;
  readonly faultMs: number;
  readonly totals: Totals;
  /** Of the ingesters; 0: it says that all was confirmed. */
  readonly exitStatuses: readonly (number | null)[];
  readonly recovery: Recovery;
  /** Connections of ingesters that were lost and made anew. */
  readonly reconnects: number;
  /** Attempts to connect while the fault lasted, and after it, from its end. */
  readonly during: Spread;
  readonly after: Spread;
  /** Packets that vanished. */
  readonly dropped: number;
  readonly packets: number;
  readonly notes: readonly string[];
}

/** Runs a case in a network of its own. */
export async function runCase(
  one: Case,
  { seed, quick }: { readonly seed: number; readonly quick: boolean },
): Promise<CaseResult> {
  const scene = await Scene.start(one.scene ?? {}, seed);
  try {
    for (const ingester of scene.ingesters) ingester.begin();
    await delay(WELL_MS);
    const begin = monotonicMs();
    await one.harm(scene, quick);
    const end = monotonicMs();
    const recovery = await watchRecovery(scene);
    await delay(WELL_MS);
    const lanes = (await scene.look()).statuses.flatMap((status) => status.lanes);
    const { passed, dropped, attempts } = await scene.network.report();
    return {
      ...{ name: one.name, what: one.what, faultMs: end - begin },
      ...(await scene.end()),
      recovery,
      reconnects: lanes.reduce((sum, lane) => sum + lane.reconnects, 0),
      during: spreadOf(attempts.flatMap(({ at }) => (at >= begin && at < end ? [at - begin] : []))),
      after: spreadOf(attempts.flatMap(({ at }) => (at >= end ? [at - end] : []))),
      ...{ dropped, packets: passed + dropped, notes: scene.notes },
    };
  } finally {
    scene[Symbol.dispose]();
  }
}

/** Whether nothing was lost, altered or made up, and the ingesters knew that, and all became well again. */
export function isUnharmed({ totals, exitStatuses, recovery }: CaseResult): boolean {
  const { connectedMs, caughtUpMs } = recovery;
  return (
    totals.lost === 0 &&
    totals.foreign === 0 &&
    exitStatuses.every((status) => status === 0) &&
    connectedMs !== undefined &&
    caughtUpMs !== undefined
  );
}
