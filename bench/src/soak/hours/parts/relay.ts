import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../chaos/free-port.js';
import type { Fault, PlannedFault, Struck } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { IngesterPart } from './ingester-part.js';
import type { Latency } from './latency.js';
import type { Part, PartCounts } from './part.js';
import { RingestLives } from './ringest-lives.js';
import { toIndexers } from './ringest-process.js';

/**
 * An ingester that sends to a `ringest relay` alone, to which faults come. The relay has no cache: it confirms what
 * indexers have confirmed, and the ingester sends the rest again after a kill.
 */
export class Relayed implements Part {
  readonly name = 'relay';
  readonly description = 'ringest relay between an ingester and the indexers, by TCP';
  readonly faults: readonly Fault[] = ['kill', 'stop'];
  readonly isNeeded = false;
  readonly connections: number;
  readonly #ingester: IngesterPart;
  readonly #relay: RingestLives;
  /** What may have arrived twice because of kills. */
  #lostTrack = 0;

  private constructor(scene: Scene, port: number) {
    const listen = ['--listen', `127.0.0.1:${port}`, '--listen-secret', scene.secret];
    this.#relay = new RingestLives(scene, this.name, ['relay', ...listen, ...toIndexers(scene)]);
    this.#ingester = new IngesterPart(scene, {
      name: 'relayed',
      description: 'a muxer that sends to the relay',
      transport: 'tcp',
      targets: [`tcp://127.0.0.1:${port}`],
      isKilled: false,
    });
    this.connections = this.#ingester.connections + scene.targets('tcp').length;
  }

  static async start(scene: Scene): Promise<Relayed> {
    return new Relayed(scene, await freePort());
  }

  get process(): SoakProcess {
    return this.#relay.process;
  }

  get others(): ReadonlyMap<string, SoakProcess> {
    return new Map([[this.#ingester.name, this.#ingester.process]]);
  }

  get sent() {
    return this.#ingester.sent;
  }

  /** Both the ingester and the relay send again, and connect again. */
  get counts(): PartCounts {
    const { counts } = this.#ingester;
    const { resent, reconnects, hot } = this.#relay.counts;
    return {
      ...counts,
      resent: counts.resent + resent,
      reconnects: counts.reconnects + reconnects,
      hot: counts.hot + hot,
    };
  }

  get mayRepeat(): number {
    return this.#ingester.mayRepeat + this.#relay.counts.resent + this.#lostTrack;
  }

  takeLatency(): Latency | undefined {
    return this.#ingester.takeLatency();
  }

  async suffer({ fault, forMs }: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    if (fault === 'stop') {
      await this.process.standStill(forMs, signal);
    } else if (fault === 'kill') {
      const { confirmed } = this.#ingester.counts;
      if (await this.#relay.kill(signal)) {
        await delay(forMs, undefined, { signal }).catch(() => {});
        // What was not confirmed may have been sent again since the relay said what it counts.
        this.#lostTrack += this.#ingester.counts.written - confirmed;
        this.#relay.start();
      }
    } else {
      throw new Error(`a relay has no fault '${fault}'`);
    }
    return [{ name: this.name, isKilled: fault === 'kill' }];
  }

  async finish(deadline: AbortSignal): Promise<void> {
    await this.#ingester.finish();
    await this.#relay.end(deadline);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ingester.stop(), this.#relay.stop()]);
  }
}
