import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Part } from './parts/part.js';

const LOOK_MS = 50;

/** In milliseconds. */
export interface ConnectionLimits {
  /** Connections that were there for so long are noticed when they are lost. */
  readonly steadyMs: number;
  readonly withinMs: number;
}

/**
 * Waits until parts have all their connections, and have them for a while.
 * @param signal nobody waits any longer
 * @returns after how many seconds that was, by the names of parts; those are missing that lack one
 */
export async function untilConnected(
  parts: readonly Pick<Part, 'name' | 'counts' | 'connections'>[],
  { steadyMs, withinMs }: ConnectionLimits,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const begun = performance.now();
  const connectedAt = new Map<string, number>();
  for (;;) {
    const now = performance.now();
    for (const { name, counts, connections } of parts) {
      if (counts.hot < connections) connectedAt.delete(name);
      else if (!connectedAt.has(name)) connectedAt.set(name, now);
    }
    const isSteady = parts.every(
      ({ name }) => now - (connectedAt.get(name) ?? Number.POSITIVE_INFINITY) >= steadyMs,
    );
    if (isSteady || signal.aborted || now - begun >= withinMs) break;
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  return new Map([...connectedAt].map(([name, at]) => [name, (at - begun) / 1000]));
}

/**
 * Has all parts end in order, and waits for none of them for longer than that may take.
 * @param failed called for each that does not
 */
export async function finishAll(
  parts: readonly Pick<Part, 'name' | 'finish'>[],
  withinMs: number,
  failed: (name: string, problem: string) => void,
): Promise<void> {
  const deadline = AbortSignal.timeout(withinMs);
  const late = once(deadline, 'abort').then(() => {
    throw new Error(`it took more than ${withinMs} ms`);
  });
  late.catch(() => {});
  const finish = async (part: Pick<Part, 'name' | 'finish'>) => {
    try {
      await Promise.race([late, part.finish(deadline)]);
    } catch (error) {
      failed(part.name, `it did not end in order: ${(error as Error).message}`);
    }
  };
  await Promise.all(parts.map(finish));
}
