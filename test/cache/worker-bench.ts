import type { CacheBlock, CacheTask, FromCache, Repeat, ToCache } from '@ringest/cache/internal';
import { CacheWorker, UnsyncedBlocks } from '@ringest/cache/internal';
import type { SimulatedDisk } from './simulated-disk.js';

export type Settings = Partial<
  Pick<CacheTask, 'maxSegmentBytes' | 'maxBytes' | 'whenFull' | 'sync'>
>;

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/**
 * A worker without a thread, on any disk and a clock that the test moves, with a main thread's end
 * that does what it must: it keeps blocks until they are settled, and not a moment longer.
 */
export class WorkerBench {
  /** Everything that the worker said, oldest first. */
  readonly said: FromCache[] = [];
  readonly unstored = new UnsyncedBlocks();
  /** The text of every block, by key. */
  readonly texts = new Map<number, string>();
  readonly stored = new Set<number>();
  /** Where blocks are, as far as the main thread knows. */
  readonly places = new Map<number, number>();
  readonly dropped = new Set<number>();
  readonly removed = new Set<number>();
  segments: Extract<FromCache, { kind: 'segments' }>['segments'] = [];
  readonly #disk: SimulatedDisk;
  readonly #settings: Settings;
  #worker: CacheWorker | undefined;
  #timers: Timer[] = [];
  #now = 0;
  #sequence = 0;
  #repeats: readonly Repeat[] = [];
  #after = { segment: 0, sequence: 0 };
  isEnded = false;
  /** Whether syncs that were begun go on until the test has them end, and not just for a moment. */
  isSlow = false;

  constructor(disk: SimulatedDisk, settings: Settings = {}) {
    this.#disk = disk;
    this.#settings = settings;
    this.start();
  }

  /** Starts the first worker, or another one after `die`. */
  start(): void {
    const resume = this.said.length > 0 && {
      sequence: this.#sequence,
      lastKey: this.unstored.lastKey ?? 0,
      repeats: this.#repeats,
      after: { ...this.#after },
    };
    const { maxSegmentBytes = 1000, maxBytes = 2 ** 40 } = this.#settings;
    const { whenFull = 'wait', sync = 'always' } = this.#settings;
    const rest = { maxSegmentBytes, maxBytes, whenFull, sync, tags: ['a', 'b'] };
    const options = { path: '/', muxer: 'm', ...rest, resume: resume || undefined };
    this.#worker = new CacheWorker(options, {
      disk: this.#disk,
      post: (message) => this.#hear(message),
      after: (milliseconds, action) => {
        const timer = { at: this.#now + milliseconds, action };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== timer);
        };
      },
      ended: () => {
        this.isEnded = true;
      },
    });
    for (const block of this.unstored) this.tell({ kind: 'append', block });
  }

  /** The worker's thread ends, in the middle of whatever it was to do. */
  die(): void {
    this.#worker = undefined;
    this.#timers = [];
    this.#disk.forgetSyncs();
    this.unstored.takeBack(0);
    for (const key of this.places.keys()) if (!this.stored.has(key)) this.places.delete(key);
  }

  tell(message: ToCache): void {
    this.#worker?.onMessage(message);
  }

  append(text: string, count = 1, isFirst = false): number {
    const bytes = Buffer.byteLength(text);
    const memory = new SharedArrayBuffer(bytes + 3);
    Buffer.from(memory).write(text, 3);
    const block = this.unstored.add({ memory, offset: 3, bytes, count, isFirst });
    this.texts.set(block.key, text);
    this.tell({ kind: 'append', block });
    return block.key;
  }

  /** Moves the clock, and does what is due until then. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      if (!this.isSlow) this.#disk.endSyncs();
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.#now = Math.max(this.#now, due.at);
      due.action();
    }
    this.#now = end;
  }

  /** All texts of a segment, as far as it can be read. */
  read(segment: number, from = 0): string[] {
    const texts: string[] = [];
    for (let isLast = false; !isLast; ) {
      this.tell({ kind: 'read', segment, from });
      const answer = this.said.findLast(({ kind }) => kind === 'blocks' || kind === 'unreadable');
      if (answer?.kind !== 'blocks') break;
      texts.push(...answer.blocks.map(({ frames }) => Buffer.from(frames).toString()));
      isLast = answer.isLast;
    }
    this.tell({ kind: 'stop', segment });
    return texts;
  }

  readAll(): string[] {
    return this.segments.flatMap(({ id }) => this.read(id));
  }

  /** What was said of a kind. */
  of<K extends FromCache['kind']>(kind: K): Extract<FromCache, { kind: K }>[] {
    return this.said.filter((one): one is Extract<FromCache, { kind: K }> => one.kind === kind);
  }

  #hear(message: FromCache): void {
    this.said.push(message);
    switch (message.kind) {
      case 'opened':
        this.#repeats = message.repeats;
        this.#sequence = message.sequence;
        this.#after.sequence = message.sequence;
        break;
      case 'appended':
        this.unstored.place(message.key, message.segment);
        this.places.set(message.key, message.segment);
        this.#after.segment = Math.max(this.#after.segment, message.segment);
        this.#after.sequence = message.nextSequence;
        break;
      case 'takenBack':
        for (const key of this.unstored.takeBack(message.key)) this.places.delete(key);
        break;
      case 'stored':
        this.#sequence = message.sequence;
        for (const block of this.unstored.takeThrough(message.key)) this.#settle(block);
        break;
      case 'removed':
        for (const block of this.unstored.takeSegment(message.segment)) this.#settle(block);
        this.#gone(message.segment, this.removed);
        break;
      case 'dropped':
        this.#gone(message.segment, this.dropped);
        break;
      case 'segments':
        this.segments = message.segments;
        this.#after.segment = Math.max(this.#after.segment, message.segments.at(-1)?.id ?? 0);
    }
  }

  /** Its memory is used for something else now. */
  #settle({ key, memory }: CacheBlock): void {
    this.stored.add(key);
    Buffer.from(memory).fill('garbage');
  }

  #gone(segment: number, keys: Set<number>): void {
    for (const [key, place] of this.places) if (place === segment) keys.add(key);
  }
}
