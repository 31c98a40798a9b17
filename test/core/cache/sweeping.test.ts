import { getEventListeners } from 'node:events';
import { GRAVWELL_TAG } from '@ringest/codec';
import { cacheField, RefusedCopies, SegmentRemover, Store } from '@ringest/core/internal';
import type { DetachedFrame } from '@ringest/workers';
import { describe, expect, it } from 'vitest';

/** A cache of sealed segments, as a sweeper sees it. */
class World {
  left = [1, 2, 3];
  /** Of these, removing fails. */
  readonly stuck = new Set<number>();
  confirmed = () => Promise.resolve();
  readonly failures: unknown[] = [];
  readonly sweeper: SegmentRemover;

  constructor() {
    const segments = () =>
      this.left.map((id) => {
        return {
          id,
          order: id,
          bytes: 1,
          entries: 1,
          sequence: id,
          muxer: 'm',
          nextSequence: id,
          isSealed: true,
        };
      });
    this.sweeper = new SegmentRemover({
      store: {
        get segments() {
          return segments();
        },
        remove: (id) => this.#remove(id),
        seal: () => {},
      },
      contents: { isNeeded: () => false, removed: () => {} },
      rings: { isAnyHot: true, confirmed: () => this.confirmed() },
      refused: { keep: () => Promise.resolve(), forgetOthers: () => {} },
      host: { warn: ({ err }) => this.failures.push(err) },
    });
  }

  /** All that can go on has gone on. */
  async settled(): Promise<void> {
    await new Promise(setImmediate);
  }

  async #remove(id: number): Promise<void> {
    if (this.stuck.has(id)) throw new Error(`${id} is stuck`);
    this.left = this.left.filter((one) => one !== id);
  }
}

describe('a sweeper', () => {
  it('removes the others when one cannot be removed, says so once, and tries again', async () => {
    const world = new World();
    world.stuck.add(2);
    world.sweeper.look();
    await world.settled();
    expect(world.left).toEqual([2]);
    // Not with every change, but when it is told to.
    world.left.push(4);
    world.sweeper.look();
    await world.settled();
    expect(world.left).toEqual([2, 4]);
    world.sweeper.retry();
    await world.settled();
    expect(world.left).toEqual([2]);
    expect(world.failures).toEqual([new Error('2 is stuck')]);
    world.stuck.clear();
    world.sweeper.retry();
    await world.settled();
    expect(world.left).toEqual([]);
    world.left.push(5);
    world.sweeper.look();
    await world.settled();
    expect(world.left).toEqual([]);
  });

  it('goes on after an error of those who confirm', async () => {
    const world = new World();
    world.confirmed = () => Promise.reject(new Error('all targets failed'));
    world.sweeper.look();
    await world.settled();
    expect([world.left.length, world.failures.length]).toEqual([3, 1]);
    world.confirmed = () => Promise.resolve();
    world.sweeper.retry();
    await world.settled();
    expect(world.left).toEqual([]);
  });

  it('ends when it is told to, and says nothing more', async () => {
    const world = new World();
    world.confirmed = () => Promise.reject(new Error('closing'));
    world.sweeper.look();
    world.sweeper.stop();
    await world.settled();
    world.confirmed = () => Promise.resolve();
    world.sweeper.retry();
    await world.settled();
    expect([world.left.length, world.failures]).toEqual([3, []]);
  });
});

describe('a store', () => {
  const newStore = () => {
    const ignore = () => {};
    return new Store(
      cacheField.parse({ path: '/nowhere' }),
      {
        tag: () => GRAVWELL_TAG,
        info: ignore,
        warn: ignore,
        failed: ignore,
        trouble: ignore,
        changed: ignore,
        barrier: () => Promise.resolve(),
      },
      { found: ignore, placed: ignore, stored: ignore, dropped: ignore, changed: ignore },
    );
  };

  it('leaves no listener with a signal when what was waited for has come', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await newStore().until(() => true, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not wait for a signal that is aborted already', async () => {
    const gone = new Error('too late');
    await expect(newStore().until(() => false, AbortSignal.abort(gone))).rejects.toBe(gone);
  });
});

describe('the copies of what is refused', () => {
  const frames = (...names: string[]): DetachedFrame[] =>
    names.map((name) => ({
      ...{ frame: Buffer.from(name), entries: 1, tag: 0, wasInRing: false, isCached: true },
    }));

  it('are made once, and needed as long as one of their segment is refused', () => {
    const copies = new RefusedCopies();
    const refused = frames('a', 'b');
    expect(copies.without(refused)).toEqual(refused);
    copies.appended(
      7,
      refused.map(({ frame }) => frame),
    );
    expect(copies.without(refused)).toEqual([]);
    copies.placed(7, { segment: 3, sequence: 0 });
    const more = [...refused, ...frames('c')];
    expect(copies.without(more)).toEqual(more.slice(2));
    copies.retain(more.slice(1));
    expect([copies.isIn(3), copies.isIn(4)]).toEqual([true, false]);
    copies.placed(7, undefined);
    expect(copies.isIn(3)).toBe(false);
    copies.placed(7, { segment: 4, sequence: 9 });
    expect(copies.isIn(4)).toBe(true);
    copies.retain(more.slice(2));
    expect(copies.isIn(4)).toBe(false);
  });

  it('are made again when their segment is gone', () => {
    const copies = new RefusedCopies();
    const refused = frames('a');
    copies.appended(
      1,
      refused.map(({ frame }) => frame),
    );
    copies.placed(1, { segment: 3, sequence: 0 });
    copies.removed(3);
    expect(copies.without(refused)).toEqual(refused);
  });
});
