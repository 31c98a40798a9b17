import { setTimeout as delay } from 'node:timers/promises';
import { Account, type Totals } from './account.js';
import { Indexer, PORT, readStored } from './indexer.js';
import { Ingester, type IngesterStatus, type Keeping } from './ingester.js';
import type { LinkFaults } from './link-faults.js';
import { type Fault, Network } from './network.js';

export const INGESTERS = ['ingester-1', 'ingester-2', 'ingester-3'] as const;
export const INDEXERS = ['indexer-1', 'indexer-2', 'indexer-3'] as const;
/** A host that becomes an indexer later. */
export const SPARE = 'indexer-4';

/** What the ingesters do with entries that wait: one does each. */
const KEEPING: readonly Keeping[] = ['memory', 'fail', 'journal'];
const LINES_PER_SECOND = 400;
const CONNECT_LIMIT_MS = 180_000;
const LOOK_MS = 50;

/** What differs between cases before anything goes wrong. */
export interface SceneSettings {
  readonly linesPerSecond?: number;
  /** So many connections of each ingester to each indexer: an indexer has so many names. */
  readonly connections?: number;
  /** Is called before the processes start. */
  readonly prepare?: (network: Network) => void;
  /** Variables of the environment of a host's program. */
  readonly environment?: (network: Network, host: string) => NodeJS.ProcessEnv;
}

/** Three ingesters, three indexers and a spare host, all of which are well until somebody harms them. */
export class Scene implements Disposable {
  readonly network: Network;
  readonly ingesters: readonly Ingester[];
  readonly linesPerSecond: number;
  /** What showed beside what is measured in each case. */
  readonly notes: string[] = [];
  readonly #settings: SceneSettings;
  readonly #indexers = new Map<string, Indexer>();

  private constructor(network: Network, settings: SceneSettings) {
    const { linesPerSecond = LINES_PER_SECOND, connections = 1 } = settings;
    const names = INDEXERS.flatMap((host) => namesOf(host, connections));
    const targets = names.map((name) => `${name}:${PORT}`);
    this.network = network;
    this.linesPerSecond = linesPerSecond;
    this.#settings = settings;
    this.ingesters = INGESTERS.map((host, i) => {
      const keeping = KEEPING[i % KEEPING.length] as Keeping;
      const environment = this.#environment(host);
      return new Ingester(network, host, { targets, linesPerSecond, keeping, environment });
    });
  }

  /** Starts everything, and waits until every ingester has a connection to every indexer. */
  static async start(settings: SceneSettings, seed: number): Promise<Scene> {
    const network = await Network.create([...INGESTERS, ...INDEXERS, SPARE], seed);
    try {
      settings.prepare?.(network);
      for (const host of INDEXERS)
        for (const name of namesOf(host, settings.connections)) network.moveName(name, host);
      const scene = new Scene(network, settings);
      await Promise.all(INDEXERS.map((host) => scene.startIndexer(host)));
      await scene.connected();
      return scene;
    } catch (error) {
      network[Symbol.dispose]();
      throw error;
    }
  }

  /** Starts an indexer on a host that has none. */
  async startIndexer(host: string): Promise<void> {
    this.#indexers.set(host, await Indexer.start(this.network, host, this.#environment(host)));
  }

  /** Kills the indexer of a host, and starts another one in its place. */
  async restartIndexer(host: string): Promise<void> {
    await this.#indexers.get(host)?.end('SIGKILL');
    await this.startIndexer(host);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** What all ingesters say. */
  async statuses(): Promise<IngesterStatus[]> {
    const statuses = await Promise.all(this.ingesters.map((one) => one.status()));
    return statuses.flatMap((status) => status ?? []);
  }

  /** Waits until every ingester can send to every indexer. */
  async connected(): Promise<void> {
    for (const end = performance.now() + CONNECT_LIMIT_MS; ; ) {
      const statuses = await this.statuses();
      if (statuses.length === this.ingesters.length && statuses.every(isConnected)) return;
      if (performance.now() > end)
        throw new Error(`the ingesters have not reached all indexers: ${lastErrors(statuses)}`);
      await delay(LOOK_MS);
    }
  }

  /** Ends the ingesters, which have to have everything confirmed, then the indexers, and counts. */
  async end(): Promise<{ totals: Totals; exitStatuses: (number | null)[] }> {
    const exitStatuses = await Promise.all(this.ingesters.map((one) => one.end()));
    const account = new Account();
    for (const [host, indexer] of this.#indexers) {
      await indexer.end('SIGTERM');
      await readStored(this.network, host, account);
    }
    const written = new Map(this.ingesters.map(({ host, written }) => [host, written]));
    return { totals: account.totals(written), exitStatuses };
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
  }

  #environment(host: string): NodeJS.ProcessEnv {
    return this.#settings.environment?.(this.network, host) ?? {};
  }
}

/** The name of a host, and others that lead to it, too. */
function namesOf(host: string, count = 1): string[] {
  return [host, ...Array.from({ length: count - 1 }, (_, i) => `${host}-name-${i + 2}`)];
}

/** What keeps ingesters from connecting. */
function lastErrors(statuses: readonly IngesterStatus[]): string {
  const lanes = statuses.flatMap(({ lanes }) => lanes).filter(({ state }) => state !== 'hot');
  return lanes.map(({ state, lastError }) => `${state}, ${lastError}`).join('; ');
}

/** Whether an ingester can send to every indexer. */
export function isConnected({ lanes }: IngesterStatus): boolean {
  return lanes.every(({ state }) => state === 'hot');
}

/** Both directions between hosts of two groups. */
export function between(
  some: readonly string[],
  others: readonly string[],
  faults: Partial<LinkFaults>,
): Fault[] {
  return [...oneWay(some, others, faults), ...oneWay(others, some, faults)];
}

/** What goes from hosts of one group to those of another one. */
export function oneWay(
  some: readonly string[],
  others: readonly string[],
  faults: Partial<LinkFaults>,
): Fault[] {
  return some.flatMap((from) => others.map((to) => ({ from, to, faults })));
}
