import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './monotonic.js';
import type { Scene } from './scene.js';

const LOOK_MS = 50;
const LIMIT_MS = 180_000;

/** What a recovery took, in milliseconds from the end of the fault; `undefined`: it did not come. */
export interface Recovery {
  /** Until all connections are there, for good. */
  readonly connectedMs: number | undefined;
  /** Until all have caught up, for good. */
  readonly caughtUpMs: number | undefined;
}

/** Waits until both are so. A connection that nobody has noticed to be dead counts for as long. */
export async function watchRecovery(scene: Scene): Promise<Recovery> {
  const start = monotonicMs();
  let connectedMs: number | undefined;
  let caughtUpMs: number | undefined;
  for (;;) {
    const { isConnected, isCaughtUp } = await scene.look();
    const at = monotonicMs() - start;
    connectedMs = isConnected ? (connectedMs ?? at) : undefined;
    caughtUpMs = isCaughtUp ? (caughtUpMs ?? at) : undefined;
    const isOver = connectedMs !== undefined && caughtUpMs !== undefined;
    if (isOver || at > LIMIT_MS) return { connectedMs, caughtUpMs };
    await delay(LOOK_MS);
  }
}
