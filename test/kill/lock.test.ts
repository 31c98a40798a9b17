import { setTimeout as delay } from 'node:timers/promises';
import { CACHE_MODES, type CacheMode } from '@ringest/core';
import { expect, it } from 'vitest';
import { scaled } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort } from '../support/victim.js';
import { IngesterProcess } from './ingester-process.js';
import { FAST, idleLife, type Surroundings } from './plan.js';

const MODES = scaled<readonly CacheMode[]>(['journal'], CACHE_MODES);
/** An ingester that goes on writing until it is killed. */
const ON_AND_ON = { ...FAST, entries: 2 ** 24, fastBytes: 0 };

async function surroundings(): Promise<Surroundings> {
  const targets = [`tcp://127.0.0.1:${await freePort()}`];
  return { path: temporaryDirectory(), targets };
}

it.each(MODES)(
  "the folder of an ingester that lives is no other's, and at once the next one's: %s",
  async (mode) => {
    const where = await surroundings();
    const planOf = (life: number) => ({
      ...idleLife({ mode, sync: { everyMs: 10 } }, life, where),
      writes: ON_AND_ON,
    });
    const first = new IngesterProcess(planOf(1));
    await first.says('started');
    const second = new IngesterProcess(planOf(2));
    const refusal = JSON.parse(await second.says('refused'));
    expect(refusal).toEqual({ code: 'ERR_CACHE_LOCKED', holder: first.pid });
    // Nothing that it had begun keeps it alive.
    await expect(second.end()).rejects.toThrow('failed with status 0');

    const { done } = first;
    while (first.done < done + 10) await delay(5);
    first.kill();
    await first.end();
    const third = new IngesterProcess(planOf(3));
    await third.says('started');
    third.kill();
    await third.end();
  },
);
