import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { REPOSITORY } from '../../../shared/repository.js';
import { askStatus } from '../../../shared/ringest-status.js';
import { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { sourceOf, tagOf } from '../soak-entries.js';

const MODULE = join(REPOSITORY, 'packages/cli/dist/cli.js');
const STATUS_MS = 500;
const LOOK_MS = 50;
/** A busy machine may take long to answer; one that stands still never does. */
const ANSWER_MS = 10_000;

/** What it has counted. */
export interface RingestCounts {
  readonly resent: number;
  readonly reconnects: number;
  readonly hot: number;
  readonly cached: number;
  readonly recovered: number;
  /** Messages that came from a queue. */
  readonly pulled: number;
}

export const NO_COUNTS: RingestCounts = {
  ...{ resent: 0, reconnects: 0, hot: 0, cached: 0, recovered: 0, pulled: 0 },
};

/** The flags of a command that sends to the indexers of the scene, by TCP. */
export function toIndexers(scene: Scene): string[] {
  const targets = scene.targets('tcp').map((target) => target.replace('tcp://', ''));
  return ['--clear-conns', targets.join(',')];
}

/** The flags of `ringest ship` that give its entries the tag and the source of a stream. */
export function asStream(stream: number): string[] {
  return ['--tag', tagOf(stream), '--source', sourceOf(stream)];
}

/** A `ringest` that runs until a signal. */
export class RingestProcess {
  readonly process: SoakProcess;
  readonly #socket: string;
  readonly #timer: NodeJS.Timeout;
  #counts = NO_COUNTS;

  /** @param args which command, and its flags but for those that all have here */
  constructor(scene: Scene, name: string, args: readonly string[]) {
    this.#socket = `${scene.path(name)}.sock`;
    this.process = new SoakProcess({
      module: MODULE,
      args: [...args, '--status-socket', this.#socket, '--grace', '60s'],
      secret: scene.secret,
      ...scene.processSettings(name),
    });
    let isAsked = false;
    this.#timer = setInterval(async () => {
      if (isAsked) return;
      isAsked = true;
      // It may not listen yet, or stand still.
      await this.#look().catch(() => {});
      isAsked = false;
    }, STATUS_MS);
  }

  /** By its last status. */
  get counts(): RingestCounts {
    return this.#counts;
  }

  /** Asks for its status until it answers: it may not listen yet. The signal ends that early. */
  async untilLooked(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await this.#look();
      } catch {
        await delay(LOOK_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async kill(): Promise<void> {
    clearInterval(this.#timer);
    await this.process.kill();
  }

  /**
   * Ends it as a service manager does.
   * @throws it did not send everything
   */
  async end(deadline: AbortSignal): Promise<void> {
    await this.untilLooked(deadline);
    clearInterval(this.#timer);
    const { code, signal } = await this.process.terminate();
    if (code !== 0) throw new Error(`ringest ended with ${signal ?? `status ${code}`}`);
  }

  async #look(): Promise<void> {
    const { lanes, cache, queues } = await askStatus(this.#socket, ANSWER_MS);
    this.#counts = {
      resent: lanes.reduce((sum, lane) => sum + lane.resentEntries, 0),
      reconnects: lanes.reduce((sum, lane) => sum + lane.reconnects, 0),
      hot: lanes.filter(({ state }) => state === 'hot').length,
      cached: cache?.pendingEntries ?? 0,
      recovered: cache?.recoveredEntries ?? 0,
      pulled: queues.reduce((sum, queue) => sum + queue.pulled, 0),
    };
  }
}
