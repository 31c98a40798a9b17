import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../chaos/free-port.js';
import type { Fault, PlannedFault } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { IngesterPart } from './ingester-part.js';
import type { Latency, Part, PartCounts } from './part.js';
import { RingestProcess, toIndexers } from './ringest-process.js';

/**
 * An ingester that sends to a `ringest relay` alone, to which faults come. The relay has no cache: it confirms what
 * indexers have confirmed, and the ingester sends the rest again after a kill.
 */
export class Relayed implements Part {
  readonly name = 'relay';
  readonly description = 'ringest relay between an ingester and the indexers, by TCP';
  readonly faults: readonly Fault[] = ['kill', 'stop'];
  readonly isNeeded = false;
  readonly #scene: Scene;
  readonly #port: number;
  readonly #ingester: IngesterPart;
  #relay: RingestProcess;
  /** Of all lives of the relay before. */
  #before = { resent: 0, reconnects: 0 };
  /** What may have arrived twice because of kills. */
  #lostTrack = 0;

  private constructor(scene: Scene, port: number) {
    this.#scene = scene;
    this.#port = port;
    this.#relay = this.#start();
    this.#ingester = new IngesterPart(scene, {
      name: 'relayed',
      description: 'a muxer that sends to the relay',
      transport: 'tcp',
      targets: [`tcp://127.0.0.1:${port}`],
      isKilled: false,
    });
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
    const { resent, reconnects } = this.#relay.counts;
    return {
      ...counts,
      resent: counts.resent + this.#before.resent + resent,
      reconnects: counts.reconnects + this.#before.reconnects + reconnects,
    };
  }

  get mayRepeat(): number {
    const { resent } = this.#relay.counts;
    return this.#ingester.mayRepeat + this.#before.resent + resent + this.#lostTrack;
  }

  takeLatency(): Latency | undefined {
    return this.#ingester.takeLatency();
  }

  async suffer({ fault, forMs }: PlannedFault, signal: AbortSignal): Promise<void> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    if (fault === 'stop') {
      this.process.freeze();
      await lasts();
      this.process.thaw();
    } else if (fault === 'kill') {
      const { confirmed } = this.#ingester.counts;
      await this.#relay.untilLooked(signal);
      if (signal.aborted) return;
      await this.#relay.kill();
      await lasts();
      // What was not confirmed may have been sent again since the relay said what it counts.
      this.#lostTrack += this.#ingester.counts.written - confirmed;
      const { resent, reconnects } = this.#relay.counts;
      this.#before = {
        resent: this.#before.resent + resent,
        reconnects: this.#before.reconnects + reconnects,
      };
      this.#relay = this.#start();
    } else {
      throw new Error(`a relay has no fault '${fault}'`);
    }
  }

  async finish(signal: AbortSignal): Promise<void> {
    await this.#ingester.finish(signal);
    await this.#relay.end();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ingester.stop(), this.#relay.kill()]);
  }

  #start(): RingestProcess {
    const listen = ['--listen', `127.0.0.1:${this.#port}`, '--listen-secret', this.#scene.secret];
    const args = ['relay', ...listen, ...toIndexers(this.#scene)];
    return new RingestProcess(this.#scene, this.name, args);
  }
}
