import type { FrameBlock } from '@ringest/core/internal';
import { cacheField, PendingEntries, Ranges, Receipts, Spill } from '@ringest/core/internal';
import { encodedSize, encodeFrame, type FrameParts, SharedMemoryPool } from '@ringest/workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('ranges', () => {
  it('hold what a set of numbers would', () => {
    const steps = fc.array(
      fc.record({ isAppend: fc.boolean(), skip: fc.nat(3), length: fc.nat(20), from: fc.nat(200) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const ranges = new Ranges();
        const numbers = new Set<number>();
        let next = 0;
        for (const { isAppend, skip, length, from } of all) {
          if (isAppend) {
            ranges.append(next + skip, next + skip + length + 1);
            for (let i = 0; i <= length; i++) numbers.add(next + skip + i);
            next += skip + length + 1;
          } else {
            const there = [...numbers].filter((one) => one >= from && one < from + length);
            expect(ranges.remove(from, from + length)).toBe(there.length);
            for (const one of there) numbers.delete(one);
          }
          expect(ranges.size).toBe(numbers.size);
          expect(ranges.isEmpty).toBe(numbers.size === 0);
          expect(ranges.from).toBe(numbers.size === 0 ? 0 : Math.min(...numbers));
          expect(ranges.to).toBe(numbers.size === 0 ? 0 : Math.max(...numbers) + 1);
          for (let one = 0; one < next; one += 3) expect(ranges.has(one)).toBe(numbers.has(one));
        }
      }),
    );
  });
});

interface Stored {
  readonly key: number;
  readonly sequence: number;
  readonly ids: readonly number[];
}

/** A cache and its replay as far as `PendingEntries` has to do with them, and what it must tell. */
class OutstandingWorld {
  /** Entries that no lane has got. */
  readonly left = new Set<number>();
  /** What has to be in rings before each mark passes. */
  readonly waits = new Map<object, Set<number>>();
  readonly outstanding = new PendingEntries((mark) => {
    expect([...(this.waits.get(mark) ?? ['a mark that nobody has'])]).toEqual([]);
    this.waits.delete(mark);
  });
  readonly #segments = new Map<number, Stored[]>();
  readonly #unplaced: { key: number; ids: number[] }[] = [];
  #unstored: Stored[] = [];
  readonly #ids = new Map<number, readonly number[]>();
  #replaying: { end(): void } | undefined;
  #active = 10;
  #nextKey = 1;
  #nextSequence = 1000;
  #nextId = 1;

  append(count: number): void {
    const ids = Array.from({ length: count }, () => this.#nextId++);
    const key = this.#nextKey++;
    for (const id of ids) this.left.add(id);
    this.#ids.set(key, ids);
    this.#unplaced.push({ key, ids });
    this.outstanding.appended(key, Buffer.alloc(0), count);
  }

  place(isNewSegment: boolean): void {
    const block = this.#unplaced.shift();
    if (block === undefined) return;
    if (isNewSegment) this.#active++;
    const place = { segment: this.#active, sequence: this.#nextSequence };
    this.#nextSequence += block.ids.length;
    const stored = { ...block, sequence: place.sequence };
    this.#segments.set(this.#active, [...(this.#segments.get(this.#active) ?? []), stored]);
    this.#unstored.push(stored);
    this.outstanding.placed(block.key, place);
  }

  store(count: number): void {
    for (const { key } of this.#unstored.slice(0, count)) this.outstanding.stored(key);
    this.#unstored = this.#unstored.slice(count);
  }

  mark(): void {
    const mark = this.outstanding.mark();
    expect(mark === undefined).toBe(this.left.size === 0);
    if (mark === undefined) return;
    const known = this.waits.get(mark) ?? [];
    this.waits.set(mark, new Set([...known, ...this.left]));
  }

  /** Goes on with the replay: a block, or one of a segment, begins or ends. @returns whether it could */
  replay(): boolean {
    if (this.#replaying !== undefined) {
      const { end } = this.#replaying;
      this.#replaying = undefined;
      end();
      return true;
    }
    const next = this.outstanding.next();
    if (next === undefined) return false;
    if ('key' in next) {
      next.isReplaying = true;
      this.#replaying = {
        end: () => {
          this.#arrived(this.#ids.get(next.key) ?? []);
          this.outstanding.replayed(next);
        },
      };
      return true;
    }
    // It is sealed when it is read.
    if (next.id === this.#active) this.#active++;
    const block = this.#segments
      .get(next.id)
      ?.find(({ sequence }) => next.sequences.has(sequence)) as Stored;
    this.#replaying = {
      end: () => {
        this.#arrived(block.ids);
        this.outstanding.take(next, block.sequence, block.sequence + block.ids.length);
      },
    };
    return true;
  }

  #arrived(ids: readonly number[]): void {
    for (const id of ids) {
      expect(this.left.delete(id), 'each only once').toBe(true);
      for (const wait of this.waits.values()) wait.delete(id);
    }
  }
}

describe('what is outstanding', () => {
  it('is counted, brought back once, and gives marks back when all before them is in rings', () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom('append', 'append', 'place', 'place', 'store', 'replay', 'replay', 'mark'),
        fc.integer({ min: 1, max: 5 }),
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const world = new OutstandingWorld();
        for (const [step, number] of all) {
          if (step === 'append') world.append(number);
          else if (step === 'place') world.place(number === 1);
          else if (step === 'store') world.store(number);
          else if (step === 'mark') world.mark();
          else world.replay();
          expect(world.outstanding.entries).toBe(world.left.size);
        }
        while (world.replay());
        expect(world.left.size).toBe(0);
        expect(world.waits.size).toBe(0);
        expect(world.outstanding.mark()).toBeUndefined();
        expect(world.outstanding.thinned).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('of an earlier run holds up no mark, and comes first', () => {
    const passed: object[] = [];
    const outstanding = new PendingEntries((mark) => passed.push(mark));
    const segment = {
      id: 3,
      muxer: 'm',
      order: 3,
      bytes: 100,
      entries: 5,
      sequence: 10,
      nextSequence: 15,
    };
    outstanding.found([{ ...segment, isSealed: true }]);
    expect(outstanding.mark()).toBeUndefined();
    outstanding.appended(1, Buffer.alloc(0), 2);
    const mark = outstanding.mark();
    expect(mark).toBeDefined();
    expect(outstanding.mark()).toBe(mark);
    expect(outstanding.next()).toMatchObject({ id: 3, isOld: true });
    outstanding.placed(1, { segment: 4, sequence: 15 });
    outstanding.stored(1);
    const own = { id: 4, isOld: false };
    const old = outstanding.next();
    if (old === undefined || 'key' in old) throw new Error('a segment comes first');
    old.notBefore = Number.POSITIVE_INFINITY;
    const next = outstanding.next();
    expect(next).toMatchObject(own);
    if (next === undefined || 'key' in next) throw new Error('it is stored');
    outstanding.take(next, 15, 17);
    expect(passed).toEqual([mark]);
    expect(outstanding.entries).toBe(5);
  });

  it('in a segment that is dropped is told, and only that', () => {
    const outstanding = new PendingEntries(() => {});
    for (const key of [1, 2, 3]) outstanding.appended(key, Buffer.alloc(0), 10);
    for (const key of [1, 2, 3]) outstanding.placed(key, { segment: 7, sequence: key * 10 });
    const first = outstanding.next();
    if (first === undefined || !('key' in first)) throw new Error('nothing is stored');
    first.isReplaying = true;
    expect(outstanding.replayed(first)).toBe(false);
    for (const key of [1, 2, 3]) outstanding.stored(key);
    expect(outstanding.entries).toBe(20);
    // What is in a ring is in the segment as well.
    expect(outstanding.thinned).toMatchObject({ id: 7 });
    expect(outstanding.inSegment(7)).toMatchObject({ isOld: false, sequences: { size: 20 } });
    outstanding.dropped(7);
    expect(outstanding.inSegment(7)).toBeUndefined();
    expect(outstanding.entries).toBe(0);
    expect(outstanding.thinned).toBeUndefined();
  });
});

/** Receipts, and what has resolved of them, in order. */
function watchedReceipts() {
  const receipts = new Receipts();
  const resolved: string[] = [];
  const write = (name: string) => void receipts.current.then(() => resolved.push(name));
  const settled = async () => {
    await new Promise(setImmediate);
    return resolved.splice(0);
  };
  return { receipts, write, settled };
}

describe('receipts', () => {
  it('resolve in order, each once the block is stored that all of it is in', async () => {
    const { receipts, write, settled } = watchedReceipts();
    write('a');
    receipts.appended(1);
    write('b');
    write('c');
    receipts.appended(3);
    write('d');
    receipts.appended(3);
    write('e');
    receipts.stored(2);
    expect(await settled()).toEqual(['a']);
    receipts.stored(3);
    expect(await settled()).toEqual(['b', 'c', 'd']);
    receipts.appended(3);
    expect(await settled()).toEqual(['e']);
    expect(receipts.isAnyWaiting).toBe(false);
  });

  it('of what is in no block resolve when it is confirmed, and later ones not before', async () => {
    const { receipts, write, settled } = watchedReceipts();
    write('stored');
    receipts.appended(1);
    write('not copied');
    receipts.appended(undefined);
    write('later');
    receipts.appended(2);
    expect(receipts.isAnyUncopied).toBe(true);
    receipts.stored(2);
    expect(await settled()).toEqual(['stored']);
    const confirmed = receipts.confirmed();
    write('last');
    receipts.appended(3);
    confirmed();
    expect(await settled()).toEqual(['not copied', 'later']);
    receipts.stored(3);
    expect(await settled()).toEqual(['last']);
  });

  it('of what is gathered belong to the block in which it comes later', async () => {
    const { receipts, write, settled } = watchedReceipts();
    write('gathered');
    receipts.gathered();
    write('too');
    receipts.gathered();
    receipts.stored(1);
    expect(await settled()).toEqual([]);
    write('with them');
    receipts.appended(2);
    receipts.stored(2);
    expect(await settled()).toEqual(['gathered', 'too', 'with them']);
  });

  it('are settled at the end, whatever became of them', async () => {
    const { receipts, settled, write } = watchedReceipts();
    write('a');
    receipts.appended(9);
    write('b');
    receipts.settle(undefined);
    expect(await settled()).toEqual(['a', 'b']);
    const rejected = receipts.current.catch((error: Error) => error.message);
    receipts.settle(new Error('the disk is gone'));
    expect(await rejected).toBe('the disk is gone');
  });
});

describe('the overflow', () => {
  it('hands on what it has taken in blocks, in order and to the byte', () => {
    const entries = fc.array(
      fc.record({
        bytes: fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(70_000), fc.constant(262_100)),
        isText: fc.boolean(),
        isFrame: fc.boolean(),
        flushes: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    const settings = cacheField.parse({ path: '/nowhere', mode: 'always', maxBytes: 4 * 2 ** 20 });
    fc.assert(
      fc.property(entries, (all) => {
        const blocks: FrameBlock[] = [];
        const { maxSegmentBytes } = settings;
        const append = (block: FrameBlock) => blocks.push(block);
        const overflow = new Spill(new SharedMemoryPool(), maxSegmentBytes, append);
        const wanted: Buffer[] = [];
        for (const [i, { bytes, isText, isFrame, flushes }] of all.entries()) {
          const text = `entry ${i} é `.repeat(Math.ceil(bytes / 10));
          const parts: FrameParts = {
            seconds: i,
            nanoseconds: 5,
            tag: i % 7,
            source: undefined,
            data: isText ? text : Buffer.from(text),
            values: undefined,
          };
          const frame = Buffer.alloc(encodedSize(parts));
          encodeFrame(parts, frame);
          // What finds no room in its ring comes as a frame.
          if (isFrame || !overflow.spill(parts)) {
            overflow.add({ frame, entries: 1, tag: 0, wasInRing: false, isCached: false });
          }
          wanted.push(frame);
          if (flushes) overflow.flush();
        }
        expect(overflow.entries).toBe(
          all.length - blocks.reduce((sum, { count }) => sum + count, 0),
        );
        overflow.flush();
        expect([overflow.entries, overflow.bytes]).toEqual([0, 0]);
        const handed = blocks.map(({ memory, bytes }) => Buffer.from(memory, 0, bytes));
        expect(Buffer.concat(handed).equals(Buffer.concat(wanted))).toBe(true);
        expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        const most = Math.max(settings.maxSegmentBytes, ...wanted.map(({ length }) => length));
        for (const { bytes } of blocks) expect(bytes).toBeLessThanOrEqual(most);
      }),
      { numRuns: 30 },
    );
  });
});
