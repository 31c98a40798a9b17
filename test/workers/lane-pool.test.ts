import { LanePool } from '@ringest/workers';
import { describe, expect, it } from 'vitest';

const poolOf = (workers: number) => new LanePool(workers, (error) => expect(error).toBeUndefined());

describe('the threads of lanes', () => {
  it('are new ones while there may be more, and then shared evenly', () => {
    const pool = poolOf(2);
    const threads = Array.from({ length: 5 }, () => pool.assign());
    expect(new Set(threads).size).toBe(2);
    expect(threads[0]).not.toBe(threads[1]);
    expect(threads.map((thread) => threads.indexOf(thread))).toEqual([0, 1, 0, 1, 0]);
  });

  it('are used again when their lanes have gone', () => {
    const pool = poolOf(3);
    const [first, second] = [pool.assign(), pool.assign()];
    pool.release(first);
    expect(pool.assign()).toBe(first);
    const third = pool.assign();
    expect([first, second]).not.toContain(third);
    pool.assign();
    pool.release(second);
    expect(pool.assign()).toBe(second);
  });
});
