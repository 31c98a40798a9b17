import { setTimeout as delay } from 'node:timers/promises';
import { Indexer, PORT, readStored } from './indexer.js';
import { Ingester, type Keeping } from './ingester.js';
import { LineAccount } from './line-account.js';
import { haveMore, type Look, lanesTo, lastErrors, repeatsOf } from './look.js';
import type { ExitStatuses, Middle } from './middle.js';
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
/**
 * How long anything may take that is waited for. With 30 % of packets lost, half of the attempts to connect fail, and
 * the delays between them grow to 30 s: of a thousand ingesters, less than one does not connect in such a time.
 */
const LIMIT_MS = 180_000;
const LOOK_MS = 50;

/** Processes that start take all that the machine has, for seconds: those of one scene at a time. */
let lastStart: Promise<unknown> = Promise.resolve();

type StartMiddle = (
  network: Network,
  toIndexers: readonly string[],
  environment: NodeJS.ProcessEnv,
) => Middle;

/** What may stand between ingesters and indexers: its hosts, the one that sends to indexers last, and what starts it. */
const MIDDLES = {
  queue: {
    hosts: [QUEUE, TAKER],
    sender: TAKER,
    start: (...parts) => new Queue(...parts),
  },
  relay: {
    hosts: [RELAY],
    sender: RELAY,
    start: (...parts) => new Relay(...parts),
  },
  journalRelay: {
    hosts: [RELAY],
    sender: RELAY,
    start: (...parts) => new Relay(...parts, true),
  },
} as const satisfies Record<
  string,
  { hosts: readonly string[]; sender: string; start: StartMiddle }
>;

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

/** What is there when all has ended. */
export interface SceneEnd {
  readonly account: LineAccount;
  /** How many lines each ingester got. */
  readonly written: ReadonlyMap<string, number>;
  readonly exitStatuses: ExitStatuses;
  /** How many entries may have arrived once more, by what their senders count; `undefined`: nobody counts that. */
  readonly mayRepeat: number | undefined;
}

/** Three ingesters, three indexers and a spare host, all of which are well until somebody harms them. */
export class Scene implements Disposable {
  readonly network: Network;
  readonly ingesters: readonly Ingester[];
  /** What is not as it must be, beside what is looked at in each case. */
  readonly problems: string[] = [];
  readonly #settings: SceneSettings;
  readonly #linesPerSecond: number;
  readonly #middle: Middle | undefined;
  readonly #indexers = new Map<string, Indexer>();
  #throughMs: number | undefined;

  private constructor(network: Network, settings: SceneSettings) {
    const { linesPerSecond = LINES_PER_SECOND, connections = 1, through } = settings;
    const names = INDEXERS.flatMap((host) => namesOf(host, connections));
    const toIndexers = ['--clear-conns', names.map((name) => `${name}:${PORT}`).join(',')];
    this.network = network;
    this.#settings = settings;
    this.#linesPerSecond = linesPerSecond;
    if (through !== undefined) {
      const { sender, start } = MIDDLES[through];
      this.#middle = start(network, toIndexers, this.#environment(sender));
    }
    const { to } = this.#middle ?? { to: toIndexers };
    this.ingesters = INGESTERS.map((host, i) => {
      const keeping = KEEPING[i % KEEPING.length] as Keeping;
      const environment = this.#environment(host);
      return new Ingester(network, host, { to, linesPerSecond, keeping, environment });
    });
  }

  /** Starts everything, once other scenes have, and waits until all connections are there. */
  static start(settings: SceneSettings, seed: number): Promise<Scene> {
    const start = lastStart.then(() => Scene.#start(settings, seed));
    lastStart = start.catch(() => {});
    return start;
  }

  static async #start(settings: SceneSettings, seed: number): Promise<Scene> {
    const more = settings.through === undefined ? [] : MIDDLES[settings.through].hosts;
    const network = await Network.create([...INGESTERS, ...INDEXERS, SPARE, ...more], seed);
    try {
      settings.prepare?.(network);
      for (const host of INDEXERS)
        for (const name of namesOf(host, settings.connections)) network.moveName(name, host);
      const scene = new Scene(network, settings);
      await Promise.all(INDEXERS.map((host) => scene.startIndexer(host)));
      if (!(await scene.until(({ isConnected }) => isConnected)))
        throw new Error(`not all indexers were reached: ${lastErrors(await scene.look())}`);
      return scene;
    } catch (error) {
      network[Symbol.dispose]();
      throw error;
    }
  }

  /** How long the senders took to connect to another indexer through a fault, in milliseconds; `undefined`: they did not. */
  get throughMs(): number | undefined {
    return this.#throughMs;
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

  /** Kills the indexer of a host, and starts another one. All who send to it have to connect to that, and all be connected. */
  async reconnectTo(host: string): Promise<void> {
    const before = lanesTo(host, await this.look());
    await this.restartIndexer(host);
    const start = performance.now();
    const isDone = await this.until((look) => {
      const after = lanesTo(host, look);
      return look.isConnected && haveMore(before, after, ({ reconnects }) => reconnects);
    });
    if (isDone) this.#throughMs = performance.now() - start;
    else this.problem(`not all connected to ${host} in time: ${lastErrors(await this.look())}`);
  }

  /** Waits until an indexer has confirmed more to each who sends to it. */
  async confirmedBy(host: string): Promise<void> {
    const before = lanesTo(host, await this.look());
    const isDone = await this.until((look) =>
      haveMore(before, lanesTo(host, look), ({ confirmedEntries }) => confirmedEntries),
    );
    if (!isDone) this.problem(`${host} confirmed nothing in time`);
  }

  /** Starts the server between ingesters and indexers again. */
  async restartServer(): Promise<void> {
    if (this.#middle?.restartServer === undefined) throw new Error('there is no server');
    await this.#middle.restartServer();
  }

  /**
   * Waits until something holds, for three minutes at most.
   * @returns whether it does
   */
  async until(holds: (look: Look) => boolean): Promise<boolean> {
    for (const start = performance.now(); ; ) {
      if (holds(await this.look())) return true;
      if (performance.now() - start > LIMIT_MS) return false;
      await delay(LOOK_MS);
    }
  }

  problem(text: string): void {
    this.problems.push(text);
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
    const usual = this.#linesPerSecond * USUAL_SECONDS;
    const isEach = (holds: (status: SenderStatus, due: number, sources: number) => boolean) =>
      stages.every(({ due, sources }, i) => {
        const status = answers[i];
        return status !== undefined && holds(status, due, sources);
      });
    return {
      statuses: new Map(
        stages.flatMap(({ sender }, i) => {
          const status = answers[i];
          return status === undefined ? [] : [[sender.host, status] as const];
        }),
      ),
      isConnected: isEach(({ lanes }) => lanes.every(({ state }) => state === 'hot')),
      isCaughtUp: isEach(({ confirmed }, due, sources) => due - confirmed <= usual * sources),
      isDone: isEach(({ entries, confirmed }, due) => confirmed >= due && confirmed >= entries),
    };
  }

  /** Ends the ingesters, which have to have everything confirmed, then all others, and reads what is stored. */
  async end(): Promise<SceneEnd> {
    for (const ingester of this.ingesters) ingester.pause();
    // From then on, nobody sends anything again.
    if (!(await this.until(({ isDone }) => isDone))) this.problem('not all was confirmed in time');
    const { statuses } = await this.look();
    const exitStatuses = await Promise.all(
      this.ingesters.map(async (one) => [one.sender.host, await one.end()] as const),
    );
    if (this.#middle !== undefined) exitStatuses.push(...(await this.#middle.end()));
    const account = new LineAccount();
    for (const [host, indexer] of this.#indexers) {
      await indexer.end('SIGTERM');
      await readStored(this.network, host, account);
    }
    return {
      account,
      written: new Map(this.ingesters.map(({ sender, written }) => [sender.host, written])),
      exitStatuses,
      mayRepeat: (this.#middle?.countsRepeats ?? true) ? repeatsOf(statuses) : undefined,
    };
  }

  [Symbol.dispose](): void {
    for (const ingester of this.ingesters) ingester.pause();
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
