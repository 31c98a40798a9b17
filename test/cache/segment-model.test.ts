import {
  CacheOpenError,
  CacheReadError,
  CacheSyncError,
  CacheWriteError,
  SegmentLog,
} from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { forSeeds, scaled } from '../support/scale.js';
import { type Faults, NO_FAULTS, SimulatedDisk } from './simulated-disk.js';
import { type Ending, Twin } from './twin.js';

const STEPS = 400;

const FAULTS: readonly Faults[] = [
  NO_FAULTS,
  { failure: 0, sync: 0, short: 0.3, death: 0 },
  { failure: 0, sync: 0.4, short: 0, death: 0 },
  { failure: 0.03, sync: 0.1, short: 0.2, death: 0 },
  { failure: 0.3, sync: 0, short: 0.2, death: 0 },
  { failure: 0.05, sync: 0, short: 0.2, death: 0.02 },
];

const RUNS = scaled(25, 500);

test('whatever the disk and the power do, the log holds what its in-memory twin says', () => {
  forSeeds(RUNS, (seed) => new Run(seed).go());
}, 600_000);

/** One log on one disk, through many openings, with random operations. */
class Run {
  readonly #random: Random;
  readonly #disk: SimulatedDisk;
  readonly #twin = new Twin();
  readonly #tags = ['tag 0'];
  readonly #maxSegmentBytes: number;
  #log: SegmentLog;
  #closed: SegmentLog | undefined;
  #serial = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#disk = new SimulatedDisk(this.#random, this.#random.pick([16, 64, 512]));
    this.#maxSegmentBytes = this.#random.pick([1, 1000, 5000, 20_000]);
    this.#log = this.#open();
  }

  go(): void {
    for (let step = 0; step < STEPS; step++) {
      this.#step();
      if (this.#disk.isDead) this.#end(this.#random.pick(['process', 'power']));
    }
    expect(this.#disk.misuses).toEqual([]);
    this.#disk.faults = NO_FAULTS;
    this.#end('power');
    this.#twin.checkRunning(this.#log);
  }

  #step(): void {
    const chance = this.#random.below(100);
    if (chance < 44) this.#append();
    else if (chance < 47) this.#sync();
    else if (chance < 54) this.#beginSync();
    else if (chance < 65) this.#disk.endAnySync();
    else if (chance < 73) this.#remove();
    else if (chance < 80) this.#read();
    else if (chance < 83) this.#log.seal();
    else if (chance < 88) this.#disk.writeBack();
    else if (chance < 96) this.#disk.faults = this.#random.pick(FAULTS);
    else if (chance < 98) this.#end('power');
    else if (chance < 99) this.#end('process');
    else this.#closeAndOpen();
  }

  #append(): void {
    const random = this.#random;
    if (random.chance(0.1)) this.#tags.push(`tag ${this.#tags.length}`);
    const frames = this.#frames();
    const count = 1 + random.below(4);
    const tags = [...this.#tags];
    try {
      const place = this.#log.append(frames, count, this.#tags);
      this.#twin.appended({ ...place, count, frames, tags });
    } catch (error) {
      expect(error).toBeInstanceOf(CacheWriteError);
    }
  }

  /** No two are alike. Some have in them what the log itself has written. */
  #frames(): Buffer {
    const random = this.#random;
    const head = Buffer.from(`<${this.#serial++}>`);
    const names = this.#disk.names('segments');
    if (names.length > 0 && random.chance(0.1)) {
      const { bytes } = this.#disk.file('segments', random.pick(names));
      return Buffer.concat([head, bytes.subarray(random.below(bytes.length + 1)), head]);
    }
    const body = Buffer.alloc(random.below(random.pick([10, 100, 2000])));
    for (let at = 0; at < body.length; at++) body[at] = random.below(256);
    return Buffer.concat([head, body]);
  }

  #sync(): void {
    const { isSyncing } = this.#log;
    try {
      this.#log.sync();
      expect(isSyncing).toBe(false);
      this.#twin.synced();
    } catch (error) {
      if (!(error instanceof CacheSyncError)) throw error;
      if (error.sequence !== undefined) this.#twin.takenBack(error.sequence);
    }
  }

  #beginSync(): void {
    if (this.#log.isSyncing) return;
    const log = this.#log;
    const covered = this.#twin.covered();
    log.beginSync((error) => {
      expect(log).not.toBe(this.#closed);
      expect(log.isSyncing).toBe(false);
      if (error === undefined) this.#twin.synced(covered);
      else if (error.sequence !== undefined) this.#twin.takenBack(error.sequence);
    });
  }

  #remove(): void {
    const segments = this.#log.segments();
    if (segments.length === 0) return;
    const { id } = this.#random.pick(segments);
    try {
      this.#log.remove(id);
      this.#twin.removed(id);
    } catch (error) {
      expect(error).toBeInstanceOf(CacheWriteError);
    }
  }

  #read(): void {
    try {
      this.#twin.checkRunning(this.#log);
    } catch (error) {
      if (!(error instanceof CacheReadError)) throw error;
    }
  }

  #closeAndOpen(): void {
    this.#log.close();
    this.#closed = this.#log;
    expect(this.#disk.openFiles).toBe(0);
    if (this.#random.chance(0.5)) this.#disk.endSyncs();
    this.#end('process');
  }

  #end(ending: Ending): void {
    if (ending === 'power') this.#disk.cutPower();
    else this.#disk.restart();
    this.#openOnFaultyDisk();
    const { faults } = this.#disk;
    this.#disk.faults = NO_FAULTS;
    this.#log = this.#open();
    expect(this.#log.recovery.unreadable).toEqual([]);
    expect(this.#log.recovery.newer).toEqual([]);
    this.#twin.checkOpened(this.#log, ending);
    this.#disk.faults = faults;
  }

  /** It may fail, or find less; nothing may be lost by it. */
  #openOnFaultyDisk(): void {
    try {
      this.#open();
    } catch (error) {
      expect(error).toBeInstanceOf(CacheOpenError);
    }
    this.#disk.restart();
  }

  #open(): SegmentLog {
    return SegmentLog.open(this.#disk, {
      muxer: 'model',
      maxSegmentBytes: this.#maxSegmentBytes,
      now: () => this.#serial,
    });
  }
}
