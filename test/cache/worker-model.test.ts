import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { forSeeds, scaled } from '../support/scale.js';
import { openLog, readTexts } from './logs.js';
import { type Faults, NO_FAULTS, SimulatedDisk } from './simulated-disk.js';
import { type Settings, WorkerBench } from './worker-bench.js';

const STEPS = 300;

const FAULTS: readonly Faults[] = [
  NO_FAULTS,
  { failure: 0, sync: 0.5, short: 0, death: 0 },
  { failure: 0.05, sync: 0.1, short: 0.2, death: 0 },
  { failure: 0.5, sync: 0, short: 0.2, death: 0 },
  { failure: 1, sync: 0, short: 0, death: 0 },
];

const SYNC_FAULTS = FAULTS.slice(0, 2);

const RUNS = scaled(50, 1000);

test('whatever the disk and the thread do, what was told as stored is there, and nothing is forgotten', () => {
  forSeeds(RUNS, (seed) => new Run(seed).go());
}, 600_000);

/** One cache in one process, whose thread may die any number of times, until the process ends. */
class Run {
  readonly #random: Random;
  readonly #disk: SimulatedDisk;
  readonly #settings: Required<Settings>;
  readonly #bench: WorkerBench;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    this.#disk = new SimulatedDisk(random, random.pick([16, 512]));
    this.#settings = {
      maxSegmentBytes: random.pick([1, 500, 3000]),
      maxBytes: random.pick([2 ** 40, 6000]),
      whenFull: random.pick(['wait', 'drop-oldest']),
      sync: random.pick(['always', 'never', { everyMs: 10 }]),
    };
    this.#bench = new WorkerBench(this.#disk, this.#settings);
  }

  go(): void {
    for (let step = 0; step < STEPS; step++) this.#step();
    expect(this.#disk.misuses).toEqual([]);
    if (this.#random.chance(0.3)) this.#endSuddenly();
    else this.#endWell();
  }

  #step(): void {
    const random = this.#random;
    const chance = random.below(100);
    if (chance < 40) this.#append();
    else if (chance < 43) this.#bench.isSlow = random.chance(0.7);
    else if (chance < 48) this.#disk.endAnySync();
    else if (chance < 60) this.#bench.pass(random.pick([0, 5, 20]));
    else if (chance < 65) this.#bench.pass(1000);
    else if (chance < 75) this.#remove();
    else if (chance < 79) this.#read();
    else if (chance < 82) this.#bench.tell({ kind: 'seal' });
    else if (chance < 85) this.#bench.tell({ kind: 'sync' });
    else if (chance < 90) this.#disk.writeBack();
    else if (chance < 97) this.#disk.faults = random.pick(FAULTS);
    else this.#restartThread();
  }

  #append(): void {
    const random = this.#random;
    const text = `<${this.#bench.texts.size}>${'x'.repeat(random.below(random.pick([10, 600])))}`;
    this.#bench.append(text, 1 + random.below(3), random.chance(0.05));
  }

  #remove(): void {
    const sealed = this.#bench.segments.filter(({ isSealed }) => isSealed);
    const [oldest] = sealed;
    if (oldest === undefined) return;
    const segment = this.#random.pick([oldest, ...sealed]).id;
    this.#bench.tell({ kind: 'remove', segment });
  }

  #read(): void {
    const { segments } = this.#bench;
    if (segments.length === 0) return;
    const { id } = this.#random.pick(segments);
    for (const text of this.#bench.read(id)) expect(text).toMatch(/^<\d+>x*$/);
  }

  #restartThread(): void {
    const { faults } = this.#disk;
    this.#bench.die();
    this.#disk.faults = NO_FAULTS;
    this.#bench.start();
    this.#disk.faults = faults;
  }

  /** The process is killed, or, if that is to be survived, the power fails. */
  #endSuddenly(): void {
    const bench = this.#bench;
    const isGone = (key: number) => bench.removed.has(key) || bench.dropped.has(key);
    const mustBe = [...bench.stored].filter((key) => !isGone(key));
    this.#disk.faults = NO_FAULTS;
    if (this.#settings.sync !== 'never' && this.#random.chance(0.5)) this.#disk.cutPower();
    const texts = new Set(readTexts(openLog(this.#disk)));
    const missing = mustBe.filter((key) => !texts.has(bench.texts.get(key) ?? ''));
    expect(missing, 'stored, and gone').toEqual([]);
    this.#checkKnown([...texts]);
  }

  /** The disk is well again, and all that waits finds its way. */
  #endWell(): void {
    const bench = this.#bench;
    this.#disk.faults = NO_FAULTS;
    bench.isSlow = false;
    bench.pass(2000);
    if (this.#settings.whenFull === 'drop-oldest') expect([...bench.unstored]).toEqual([]);
    if (this.#random.chance(0.5)) this.#endByClosing();
    const isGone = (key: number) => bench.removed.has(key) || bench.dropped.has(key);
    const waiting = new Set([...bench.unstored].map(({ key }) => key));
    const mustBe = [...bench.texts.keys()].filter((key) => !isGone(key) && !waiting.has(key));
    const texts = bench.isEnded ? readTexts(openLog(this.#disk)) : bench.readAll();
    const missing = mustBe.filter((key) => !texts.includes(bench.texts.get(key) ?? ''));
    expect(missing, 'forgotten').toEqual([]);
    this.#checkKnown(texts);
    if (!bench.isEnded && this.#settings.sync !== 'never') {
      expect(new Set(texts).size, 'some are there twice').toBe(texts.length);
    }
    this.#checkTroubles();
  }

  /** Maybe in the middle of a sync, which may fail. */
  #endByClosing(): void {
    this.#bench.isSlow = this.#random.chance(0.5);
    this.#append();
    if (this.#settings.whenFull === 'wait') this.#disk.faults = this.#random.pick(SYNC_FAULTS);
    this.#bench.pass(10);
    this.#disk.faults = NO_FAULTS;
    if (!this.#bench.isSlow) this.#bench.pass(2000);
    this.#append();
    this.#bench.tell({ kind: 'close' });
    this.#disk.endSyncs();
    expect(this.#bench.of('closed')).toEqual([{ kind: 'closed', problem: undefined }]);
    expect([...this.#bench.unstored]).toEqual([]);
  }

  /** Each is told once, and once that it is over, unless the thread dies of something else before. */
  #checkTroubles(): void {
    let isInTrouble = false;
    for (const message of this.#bench.said) {
      if (message.kind === 'opened') isInTrouble = false;
      if (message.kind !== 'trouble') continue;
      expect(message.problem !== undefined).toBe(!isInTrouble);
      isInTrouble = !isInTrouble;
    }
    expect(isInTrouble).toBe(false);
  }

  #checkKnown(texts: readonly string[]): void {
    const known = new Set(this.#bench.texts.values());
    expect(texts.filter((text) => !known.has(text))).toEqual([]);
  }
}
