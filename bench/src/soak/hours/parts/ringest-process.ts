import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { REPOSITORY } from '../../../shared/repository.js';
import { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { sourceOf, tagOf } from '../soak-entries.js';

const MODULE = join(REPOSITORY, 'packages/cli/dist/cli.js');
const STATUS_MS = 500;
/** A busy machine may take long to answer; one that stands still never does. */
const ANSWER_MS = 10_000;

/** The part that is read here of what `ringest status` gets, with counts since the start. */
interface StatusReply {
  readonly confirmed: number;
  readonly lanes: readonly {
    readonly state: string;
    readonly resentEntries: number;
    readonly reconnects: number;
  }[];
  readonly cache: { readonly pendingEntries: number; readonly recoveredEntries: number } | null;
}

/** What it has counted. */
export interface ShipCounts {
  readonly confirmed: number;
  readonly resent: number;
  readonly reconnects: number;
  readonly hot: number;
  readonly cached: number;
  readonly recovered: number;
}

const NO_COUNTS: ShipCounts = {
  ...{ confirmed: 0, resent: 0, reconnects: 0, hot: 0, cached: 0, recovered: 0 },
};

/** One `ringest ship`, whose entries are one stream. */
export class ShipProcess {
  readonly process: SoakProcess;
  readonly #socket: string;
  readonly #timer: NodeJS.Timeout;
  #counts = NO_COUNTS;

  /** @param args what it reads, and how */
  constructor(scene: Scene, name: string, stream: number, args: readonly string[]) {
    const targets = scene.targets('tcp').map((target) => target.replace('tcp://', ''));
    this.#socket = `${scene.path(name)}.sock`;
    const where = ['--clear-conns', targets.join(','), '--status-socket', this.#socket];
    const what = ['--tag', tagOf(stream), '--source', sourceOf(stream), '--grace', '60s'];
    this.process = new SoakProcess({
      module: MODULE,
      args: ['ship', ...where, ...what, ...args],
      secret: scene.secret,
      ...scene.processSettings(name),
    });
    let isAsked = false;
    this.#timer = setInterval(async () => {
      if (isAsked) return;
      isAsked = true;
      // It may not listen yet, or stand still.
      await this.look().catch(() => {});
      isAsked = false;
    }, STATUS_MS);
  }

  /** By its last status. */
  get counts(): ShipCounts {
    return this.#counts;
  }

  /** Asks for its status. */
  async look(): Promise<void> {
    const socket = connect(this.#socket);
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('there is no answer')));
    const { confirmed, lanes, cache } = JSON.parse(await text(socket)) as StatusReply;
    this.#counts = {
      confirmed,
      resent: lanes.reduce((sum, lane) => sum + lane.resentEntries, 0),
      reconnects: lanes.reduce((sum, lane) => sum + lane.reconnects, 0),
      hot: lanes.filter(({ state }) => state === 'hot').length,
      cached: cache?.pendingEntries ?? 0,
      recovered: cache?.recoveredEntries ?? 0,
    };
  }

  async kill(): Promise<void> {
    clearInterval(this.#timer);
    await this.process.kill();
  }

  /**
   * Ends it as a service manager does.
   * @throws it did not ship everything
   */
  async end(): Promise<void> {
    await this.look();
    clearInterval(this.#timer);
    const { code, signal } = await this.process.terminate();
    if (code !== 0) throw new Error(`ringest ship ended with ${signal ?? `status ${code}`}`);
  }
}
