import { setTimeout as delay } from 'node:timers/promises';
import { Account, type Totals } from './account.js';
import { Indexer, PORT, readStored } from './indexer.js';
import { Ingester, type Keeping } from './ingester.js';
import type { Middle } from './middle.js';
import { Network } from './network.js';
import { QUEUE, Queue, TAKER } from './queue.js';
import { RELAY, Relay } from './relay.js';
import type { SenderStatus } from './sender.js';

export const INGESTERS = ['ingester-1', 'ingester-2', 'ingester-3'] as const;
export const INDEXERS = ['indexer-1', 'indexer-2', 'indexer-3'] as const;
/** A host that becomes an indexer later. */
export const SPARE = 'indexer-4';

/** What the ingesters do with entries that wait: one does each. */
const KEEPING: readonly Keeping[] = ['memory', 'fail', 'journal'];
const LINES_PER_SECOND = 400;
/** Who has caught up has no more to do than what comes in such a time. */
const USUAL_SECONDS = 0.5;
const CONNECT_LIMIT_MS = 180_000;
const LOOK_MS = 50;

/** What may stand between ingesters and indexers: its hosts, and what starts it. */
const MIDDLES = {
  queue: {
    hosts: [QUEUE, TAKER],
    start: (network: Network, toIndexers: readonly string[]): Middle =>
      new Queue(network, toIndexers),
  },
  relay: {
    hosts: [RELAY],
    start: (network: Network, toIndexers: readonly string[]): Middle =>
      new Relay(network, toIndexers),
  },
};

/** What differs between cases before anything goes wrong. */
export interface SceneSettings {
  readonly linesPerSecond?: number;
  /** So many connections of each ingester to each indexer: an indexer has so many names. */
  readonly connections?: number;
  /** What the ingesters send to in place of the indexers. */
  readonly through?: keyof typeof MIDDLES;
  /** Is called before the processes start. */
  readonly prepare?: (network: Network) => void;
  /** Variables of the environment of a host's program. */
  readonly environment?: (network: Network, host: string) => NodeJS.ProcessEnv;
}

/** How it goes at a moment. */
export interface Look {
  readonly statuses: readonly SenderStatus[];
  /** Every sender answers, and has all of its connections. */
  readonly isConnected: boolean;
  /** Every sender answers, and has no more entries unconfirmed than what comes in half a second. */
  readonly isCaughtUp: boolean;
}

/** Three ingesters, three indexers and a spare host, all of which are well until somebody harms them. */
export class Scene implements Disposable {
  readonly network: Network;
  readonly ingesters: readonly Ingester[];
  /** What showed beside what is measured in each case. */
  readonly notes: string[] = [];
  readonly #settings: SceneSettings;
  readonly #linesPerSecond: number;
  readonly #middle: Middle | undefined;
  readonly #indexers = new Map<string, Indexer>();

  private constructor(network: Network, settings: SceneSettings) {
    const { linesPerSecond = LINES_PER_SECOND, connections = 1, through } = settings;
    const names = INDEXERS.flatMap((host) => namesOf(host, connections));
    const toIndexers = ['--clear-conns', names.map((name) => `${name}:${PORT}`).join(',')];
    this.network = network;
    this.#settings = settings;
    this.#linesPerSecond = linesPerSecond;
    this.#middle = through && MIDDLES[through].start(network, toIndexers);
    const { to } = this.#middle ?? { to: toIndexers };
    this.ingesters = INGESTERS.map((host, i) => {
      const keeping = KEEPING[i % KEEPING.length] as Keeping;
      const environment = this.#environment(host);
      return new Ingester(network, host, { to, linesPerSecond, keeping, environment });
    });
  }

  /** Starts everything, and waits until all connections are there. */
  static async start(settings: SceneSettings, seed: number): Promise<Scene> {
    const more = settings.through === undefined ? [] : MIDDLES[settings.through].hosts;
    const network = await Network.create([...INGESTERS, ...INDEXERS, SPARE, ...more], seed);
    try {
      settings.prepare?.(network);
      for (const host of INDEXERS)
        for (const name of namesOf(host, settings.connections)) network.moveName(name, host);
      const scene = new Scene(network, settings);
      await Promise.all(INDEXERS.map((host) => scene.startIndexer(host)));
      if ((await scene.connected(CONNECT_LIMIT_MS)) === undefined)
        throw new Error(`not all indexers were reached: ${lastErrors(await scene.look())}`);
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

  async look(): Promise<Look> {
    // More is written while they answer, which makes nobody look as if it had caught up.
    const written = this.ingesters.map((one) => one.written);
    const all = written.reduce((sum, count) => sum + count, 0);
    const stages = this.ingesters.map(({ sender }, i) => ({
      sender,
      due: written[i] ?? 0,
      sources: 1,
    }));
    if (this.#middle !== undefined)
      stages.push({ sender: this.#middle.sender, due: all, sources: written.length });
    const answers = await Promise.all(stages.map(({ sender }) => sender.status()));
    const statuses = answers.flatMap((status) => status ?? []);
    const usual = this.#linesPerSecond * USUAL_SECONDS;
    return {
      statuses,
      isConnected: answers.every((status) => status !== undefined && isConnected(status)),
      isCaughtUp: stages.every(({ due, sources }, i) => {
        const status = answers[i];
        return status !== undefined && due - status.confirmed <= usual * sources;
      }),
    };
  }

  /**
   * Waits until all connections are there.
   * @returns how many milliseconds that took; `undefined`: longer than the limit
   */
  async connected(limitMs: number): Promise<number | undefined> {
    for (const start = performance.now(); ; ) {
      const { isConnected } = await this.look();
      const tookMs = performance.now() - start;
      if (isConnected) return tookMs;
      if (tookMs > limitMs) return undefined;
      await delay(LOOK_MS);
    }
  }

  /** Ends the ingesters, which have to have everything confirmed, then all others, and counts. */
  async end(): Promise<{ totals: Totals; exitStatuses: (number | null)[] }> {
    const exitStatuses = await Promise.all(this.ingesters.map((one) => one.end()));
    if (this.#middle !== undefined) exitStatuses.push(...(await this.#middle.end()));
    const account = new Account();
    for (const [host, indexer] of this.#indexers) {
      await indexer.end('SIGTERM');
      await readStored(this.network, host, account);
    }
    const written = new Map(this.ingesters.map(({ sender, written }) => [sender.host, written]));
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

/** Whether a sender can send to every indexer. */
function isConnected({ lanes }: SenderStatus): boolean {
  return lanes.every(({ state }) => state === 'hot');
}

/** What keeps senders from connecting. */
function lastErrors({ statuses }: Look): string {
  const lanes = statuses.flatMap(({ lanes }) => lanes).filter(({ state }) => state !== 'hot');
  return lanes.map(({ state, lastError }) => `${state}, ${lastError}`).join('; ');
}
