import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './monotonic.js';
import { isConnected, type Scene } from './scene.js';

const LOOK_MS = 50;
const LIMIT_MS = 180_000;
/** An ingester has caught up when it has no more to do than this, in milliseconds of writing. */
const USUAL_MS = 500;

/** What a recovery took, in milliseconds from the end of the fault; `undefined`: it did not come. */
export interface Recovery {
  /** Until every ingester has all of its connections, for good. */
  readonly connectedMs: number | undefined;
  /** Until none has more lines unconfirmed than it writes in half a second, for good. */
  readonly caughtUpMs: number | undefined;
}

/** Waits until both are so. A connection that nobody has noticed to be dead counts for as long. */
export async function watchRecovery(scene: Scene): Promise<Recovery> {
  const start = monotonicMs();
  const usual = (scene.linesPerSecond * USUAL_MS) / 1000;
  let connectedMs: number | undefined;
  let caughtUpMs: number | undefined;
  for (;;) {
    // More is written while they answer, which makes the wait no shorter.
    const written = scene.ingesters.map((one) => one.written);
    const statuses = await scene.statuses();
    const at = monotonicMs() - start;
    const isComplete = statuses.length === written.length;
    const waiting = statuses.map(({ confirmed }, i) => (written[i] ?? 0) - confirmed);
    const isAll = isComplete && statuses.every(isConnected);
    const isUsual = isComplete && waiting.every((count) => count <= usual);
    connectedMs = isAll ? (connectedMs ?? at) : undefined;
    caughtUpMs = isUsual ? (caughtUpMs ?? at) : undefined;
    const isOver = connectedMs !== undefined && caughtUpMs !== undefined;
    if (isOver || at > LIMIT_MS) return { connectedMs, caughtUpMs };
    await delay(LOOK_MS);
  }
}
