import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../chaos/free-port.js';
import type { Fault, Place, PlannedFault, Struck } from '../faults.js';
import { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { tagOf } from '../soak-entries.js';
import type { Behaviour, FromSoakIndexer, ToSoakIndexer } from './indexer-messages.js';

const MODULE = fileURLToPath(new URL('./indexer-process.js', import.meta.url));

const FAULTS: readonly Fault[] = ['kill', 'stop', 'slow', 'throttle', 'pause', 'reset', 'refuse'];

/** How bad faults are: from the first number up to the second. */
const SLOW_MS = [20, 500] as const;
const READ_BYTES = [50_000, 2_000_000] as const;
const PAUSE_MS = [50, 400] as const;
const RESET_ENTRIES = [500, 5000] as const;

/** An indexer to which faults come. It has the same addresses for good. */
export class SoakIndexer implements Place {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly isNeeded = true;
  /** By TCP, by TLS and by Unix socket. */
  readonly addresses: { readonly tcp: string; readonly tls: string; readonly pipe: string };
  readonly #scene: Scene;
  #process: SoakProcess;

  private constructor(
    scene: Scene,
    name: string,
    isSpared: boolean,
    addresses: SoakIndexer['addresses'],
  ) {
    this.#scene = scene;
    this.name = name;
    this.faults = isSpared ? FAULTS.filter((fault) => fault !== 'kill') : FAULTS;
    this.addresses = addresses;
    this.#process = this.#fork();
  }

  /** @param isSpared it is never killed: it stands still in an outage */
  static async start(scene: Scene, name: string, isSpared: boolean): Promise<SoakIndexer> {
    const addresses = {
      tcp: `tcp://127.0.0.1:${await freePort()}`,
      tls: `tls://127.0.0.1:${await freePort()}`,
      pipe: `pipe://${scene.path(name)}.sock`,
    };
    const indexer = new SoakIndexer(scene, name, isSpared, addresses);
    await indexer.#begin();
    return indexer;
  }

  get process(): SoakProcess {
    return this.#process;
  }

  /** Has a fault, and is well again when this resolves. The signal ends the fault early. */
  async suffer({ fault, ...how }: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    const isSpared = !this.faults.includes('kill');
    const own = fault === 'outage' ? (isSpared ? 'stop' : 'kill') : fault;
    await this.#suffer({ fault: own, ...how }, signal);
    return [{ name: this.name, isKilled: own === 'kill' }];
  }

  async #suffer({ fault, forMs, amount }: PlannedFault, signal: AbortSignal): Promise<void> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    const between = ([least, most]: readonly [number, number]) => least + amount * (most - least);
    const behave = async (behaviour: Behaviour) => {
      await this.#ask({ kind: 'behave', behaviour });
      await lasts();
      await this.#ask({ kind: 'behave', behaviour: {} });
    };
    switch (fault) {
      case 'kill':
        await this.#process.kill();
        await lasts();
        this.#process = this.#fork();
        return this.#begin();
      case 'stop':
        return this.#process.standStill(forMs, signal);
      case 'slow':
        await this.#ask({ kind: 'delay', milliseconds: between(SLOW_MS) });
        await lasts();
        return this.#ask({ kind: 'delay', milliseconds: 0 });
      case 'throttle':
        await this.#ask({ kind: 'read', bytesPerSecond: between(READ_BYTES) });
        await lasts();
        return this.#ask({ kind: 'read', bytesPerSecond: 0 });
      case 'pause':
        return behave({ throttle: between(PAUSE_MS) });
      case 'reset':
        return behave({ failAfter: Math.floor(between(RESET_ENTRIES)) });
      case 'refuse':
        return behave({ refuseTag: [tagOf(Math.floor(amount * this.#scene.streams))] });
      default:
        throw new Error(`an indexer has no fault '${fault}'`);
    }
  }

  /** Ends its process. */
  async stop(): Promise<void> {
    await this.#process.kill();
  }

  #fork(): SoakProcess {
    return new SoakProcess({ module: MODULE, ...this.#scene.processSettings(this.name) });
  }

  async #begin(): Promise<void> {
    const { secret, certificate: tls, folder: arrivals, startSeconds } = this.#scene;
    const { tcp, tls: secure, pipe } = this.addresses;
    const settings = { name: this.name, secret, tls, arrivals, startSeconds };
    await this.#ask({ kind: 'settings', settings: { ...settings, listen: [tcp, secure, pipe] } });
  }

  async #ask(message: ToSoakIndexer): Promise<void> {
    await this.#process.ask<FromSoakIndexer>(message, 'done');
  }
}
