import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SequencePlace } from '../contents/sequence-number.js';
import { type ArrivalCounts, Arrivals } from '../shared/arrivals.js';
import { readArrivalLog } from './arrival-log.js';
import { freePort } from './free-port.js';
import { type Fault, type PlannedFault, planFaults } from './plan.js';
import { Victim } from './victim.js';

export interface ChaosSettings {
  readonly indexers: number;
  /** What the faults follow from. */
  readonly seed: number;
  readonly secret: string;
  readonly tenant: string | undefined;
  /** Where entries have their sequence numbers. */
  readonly place: SequencePlace;
}

/** A fault that came to an indexer. */
export interface FaultReport {
  /** Milliseconds from the start of the load. */
  readonly atMs: number;
  readonly target: string;
  readonly fault: Fault;
  /** How long it lasted, in milliseconds. */
  readonly forMs: number;
}

const LOG = 'arrived';

/**
 * Embedded indexers to which faults come while a load runs. Each writes down what has arrived before
 * it is confirmed, so that the account has also what came to processes that were killed.
 */
export class ChaosIndexers {
  /** Embedded indexers without TLS have no authority. */
  readonly ca: undefined;
  readonly #victims: readonly Victim[];
  readonly #settings: ChaosSettings;
  readonly #folder: string;
  readonly #removeFolder: () => void;
  readonly #happened: (what: string) => void;
  readonly #faults: FaultReport[] = [];
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(
    settings: ChaosSettings,
    victims: readonly Victim[],
    folder: string,
    removeFolder: () => void,
    happened: (what: string) => void,
  ) {
    this.#settings = settings;
    this.#victims = victims;
    this.#folder = folder;
    this.#removeFolder = removeFolder;
    this.#happened = happened;
  }

  /**
   * Starts the indexers.
   * @param happened called with each fault
   */
  static async start(
    settings: ChaosSettings,
    happened: (what: string) => void,
  ): Promise<ChaosIndexers> {
    const { indexers, secret, tenant, place } = settings;
    const folder = mkdtempSync(join(tmpdir(), 'ringest-chaos-'));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    process.on('exit', removeFolder);
    const victims: Victim[] = [];
    for (let i = 0; i < indexers; i++) {
      const port = await freePort();
      const log = { path: join(folder, `${LOG}-${i}`), place };
      const tenants = tenant === undefined ? {} : { tenants: [tenant] };
      victims.push(
        await Victim.start({ secret, tally: false, digest: false, port, log, ...tenants }),
      );
    }
    return new ChaosIndexers(settings, victims, folder, removeFolder, happened);
  }

  get addresses(): readonly string[] {
    return this.#victims.map(({ address }) => address);
  }

  /** Faults come from now on. */
  begin(): void {
    this.#running = this.#run();
    // `end` rejects with the same error.
    this.#running.catch(() => {});
  }

  /** Faults come no more. All indexers are well when this resolves. */
  async end(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  /** The faults that came and are over, in order. */
  get faults(): readonly FaultReport[] {
    return this.#faults.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** What has arrived of a load of `sent` entries, at all of them. */
  settle(sent: number): ArrivalCounts & { readonly lost: number } {
    const arrivals = new Arrivals();
    for (const i of this.#victims.keys())
      readArrivalLog(join(this.#folder, `${LOG}-${i}`), arrivals);
    const counts = arrivals.counts(sent);
    return { ...counts, lost: sent - (counts.received - counts.duplicated - counts.foreign) };
  }

  /** Ends all processes, and removes what they have written. */
  async stop(): Promise<void> {
    await this.end().catch(() => {});
    await Promise.all(this.#victims.map((victim) => victim.stop()));
    process.off('exit', this.#removeFolder);
    this.#removeFolder();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    const { seed, indexers } = this.#settings;
    const start = performance.now();
    const last: Promise<void>[] = this.#victims.map(() => Promise.resolve());
    for (const planned of planFaults(seed, indexers)) {
      const early = planned.atMs - (performance.now() - start);
      await delay(Math.max(early, 0), undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const { indexer } = planned;
      // One that takes long to come back has its next fault later.
      last[indexer] = (last[indexer] as Promise<void>).then(() => this.#do(planned, start));
      last[indexer].catch(() => this.#end.abort());
    }
    await Promise.all(last);
  }

  async #do(planned: PlannedFault, start: number): Promise<void> {
    const { signal } = this.#end;
    const victim = this.#victims[planned.indexer];
    if (victim === undefined || signal.aborted) return;
    const { fault } = planned;
    const target = victim.address;
    const atMs = performance.now() - start;
    this.#happened(`${target}: ${describe(planned)}`);
    await victim.suffer(planned, signal);
    this.#faults.push({ atMs, target, fault, forMs: performance.now() - start - atMs });
    this.#happened(`${target}: ${WELL_AGAIN[fault]}`);
  }
}

const WELL_AGAIN: Readonly<Record<Fault, string>> = {
  kill: 'started again',
  stop: 'goes on',
  slow: 'confirms at once again',
  throttle: 'reads at full speed again',
};

function describe({ fault, amount }: PlannedFault): string {
  switch (fault) {
    case 'kill':
      return 'killed';
    case 'stop':
      return 'stopped';
    case 'slow':
      return `confirms ${amount.toFixed(0)} ms later`;
    case 'throttle':
      return `reads ${(amount / 1e6).toFixed(1)} MB/s`;
  }
}
