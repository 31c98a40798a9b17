import { setTimeout as delay } from 'node:timers/promises';
import type { GrowingLog } from './growing-log.js';
import type { RingestLives } from './ringest-lives.js';

/**
 * Kills a `ringest ship` that follows a log, and starts it again.
 * @returns how many lines may be shipped twice because of that: those that are shipped again, and those that may have been
 * sent again since the dead one said what it counts
 */
export async function killFollower(
  ship: RingestLives,
  log: GrowingLog,
  forMs: number,
  signal: AbortSignal,
): Promise<number> {
  const before = log.countUnconfirmed() - log.written;
  if (!(await ship.kill(signal))) return 0;
  const repeated = before + log.written + log.countUnconfirmed();
  await delay(forMs, undefined, { signal }).catch(() => {});
  ship.start();
  return repeated;
}
