import type { EntryInput } from '@ringest/codec';
import {
  ConnectionError,
  type IngestMuxer,
  type MuxerConfiguration,
  type TargetInput,
} from '@ringest/core';
import { expect, onTestFinished } from 'vitest';
import { type Arrival, expectedArrival, keyOf } from './arrivals.js';
import { Changes } from './changes.js';
import { newMuxer } from './muxer.js';
import { ScriptedIndexer } from './scripted-indexer.js';
import { WRITE_PATHS, writeBy } from './write-paths.mjs';

/** Who attacks. */
export interface Attacker {
  readonly address: string;
  close(): Promise<void>;
}

export interface AttackConfiguration extends Partial<MuxerConfiguration> {
  /** What holds for the lane to the attacker only. */
  readonly target?: Omit<TargetInput, 'address'>;
}

/** How often an entry is written while an attack goes on, in milliseconds. */
const INTERVAL_MS = 2;
/** The same on whichever connection it arrives. */
const SOURCE = '192.0.2.1';
/** How long the last entries may take, in milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Times that only an attack uses up, except where a test is about one of them, and retries without
 * delay, so that one connection can try one thing and the next one another.
 */
const TIMES = { firstRetry: 1, mostRetry: 1, silence: 20_000, confirmation: 20_000 };

/**
 * A muxer with a lane to an attacker and another one to an honest indexer, which is hot before an
 * entry is written. From then on entries flow.
 */
export class Attack {
  readonly muxer: IngestMuxer;
  /** What became of the connections to the attacker, in order. */
  readonly losses: ConnectionError[] = [];
  /** For how many milliseconds the lane to the attacker pauses after each of them. */
  readonly pauses: number[] = [];
  readonly #attacker: Attacker;
  readonly #honest: ScriptedIndexer;
  readonly #honestLosses: Error[] = [];
  readonly #errors: Error[] = [];
  readonly #changes = new Changes();
  readonly #written: EntryInput[] = [];
  #isFlowing = true;
  #flow: Promise<void> = Promise.resolve();

  private constructor(muxer: IngestMuxer, attacker: Attacker, honest: ScriptedIndexer) {
    this.muxer = muxer;
    this.#attacker = attacker;
    this.#honest = honest;
    muxer.on('error', (error) => this.#errors.push(error));
    muxer.on('lost', (error, retryInMs) => {
      if (error.target === honest.address) {
        this.#honestLosses.push(error);
      } else {
        this.losses.push(error);
        this.pauses.push(retryInMs);
      }
      this.#changes.tell();
    });
  }

  static async begin(
    attacker: Attacker,
    { times, target, ...configuration }: AttackConfiguration = {},
  ): Promise<Attack> {
    const honest = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = newMuxer({
      targets: [{ address: attacker.address, ...target }, honest.address],
      workers: 2,
      ...configuration,
      times: { ...TIMES, ...times },
    });
    const attack = new Attack(muxer, attacker, honest);
    onTestFinished(() => attack.#stopWriting());
    const isHot = new Promise<void>((resolve) => {
      muxer.on('hot', (target) => target === honest.address && resolve());
    });
    muxer.start();
    await isHot;
    // A machine that was too busy for the first attempt has nothing to do with the attack.
    attack.#honestLosses.length = 0;
    attack.#flow = attack.#writeEntries();
    return attack;
  }

  /** Writes something big among the entries that flow. */
  async write(bytes: number): Promise<void> {
    const data = Buffer.alloc(bytes, this.#written.length & 0xff);
    const entry: EntryInput = { timestamp: 0, tag: 0, data, source: SOURCE };
    this.#written.push(entry);
    await this.muxer.writeEntry(entry);
  }

  /** Waits until so many connections to the attacker have failed. */
  async lost(count: number): Promise<readonly ConnectionError[]> {
    await this.#changes.until(`loss ${count}`, () => this.losses.length >= count);
    return this.losses.slice(0, count);
  }

  /** Checks that what arrived was written, byte by byte. */
  expectWritten(arrivals: readonly Arrival[]): void {
    const written = new Set(this.#written.map((entry) => keyOf(expectedArrival(entry))));
    expect(arrivals.filter((one) => !written.has(keyOf(one))).length).toBe(0);
  }

  /**
   * Ends the attack, and checks that nobody but the attacker had to do with it: all that was written
   * arrived, on the one connection of the honest lane or where the attacker really confirmed it.
   */
  async expectNoHarm(tookHonestly: () => readonly Arrival[] = () => []): Promise<void> {
    await this.#stopWriting();
    await this.#attacker.close();
    await this.muxer.sync({ timeout: PATIENCE_MS });
    expect(this.#honestLosses).toEqual([]);
    expect(this.#errors).toEqual([]);
    for (const loss of this.losses) expect(loss).toBeInstanceOf(ConnectionError);
    const honest = this.#honest.connections.flatMap(({ arrivals }) => arrivals);
    const arrived = new Set([...honest, ...tookHonestly()].map(keyOf));
    const missing = this.#written.filter((entry) => !arrived.has(keyOf(expectedArrival(entry))));
    expect(missing.map(({ data }) => `${data}`.slice(0, 80))).toEqual([]);
    expect(this.#written.length).toBeGreaterThan(0);
    expect(await this.muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  }

  #stopWriting(): Promise<void> {
    this.#isFlowing = false;
    return this.#flow;
  }

  async #writeEntries(): Promise<void> {
    while (this.#isFlowing) {
      const i = this.#written.length;
      const entry: EntryInput = { timestamp: i, tag: 0, data: `entry ${i}`, source: SOURCE };
      this.#written.push(entry);
      await writeBy(WRITE_PATHS[i % WRITE_PATHS.length] ?? 'writeEntry', this.muxer, [entry]);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}

/** What a list of losses comes to, to be compared at once. */
export function reasonsOf(losses: readonly ConnectionError[]): string[] {
  return losses.map(({ reason }) => reason);
}
