import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CacheMode, CompressionName } from '@ringest/core';
import { SmallDisk } from '../../../shared/small-disk.js';
import type { Fault, PlannedFault, Struck } from '../faults.js';
import { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import { tagOf } from '../soak-entries.js';
import type {
  FromIngester,
  IngesterSettings,
  MuxerCounts,
  StreamProgress,
  ToIngester,
} from './ingester-messages.js';
import { type Latency, worstLatency } from './latency.js';
import type { Part, PartCounts } from './part.js';

const MODULE = fileURLToPath(new URL('./ingester-process.js', import.meta.url));

/** Of a disk that can be made full: an outage of some seconds fits on it. */
const DISK_BYTES = 48 * 2 ** 20;

/** What an ingester with a muxer of its own is like. */
export interface IngesterChoice {
  readonly name: string;
  readonly description: string;
  readonly transport: 'tcp' | 'tls' | 'pipe';
  /** Where it sends to in place of the indexers. */
  readonly targets?: readonly string[];
  readonly compression?: CompressionName;
  readonly cache?: {
    readonly mode: CacheMode;
    readonly maxBytes?: number;
    /** Its folder is on a disk that can be made full, where that is possible. */
    readonly onSmallDisk?: boolean;
  };
  /** Streams, of which each has a producer in a thread; 0: one stream, which the main thread writes. */
  readonly threads?: number;
  readonly isKilled: boolean;
}

/** How far a stream is. */
interface Stream extends StreamProgress {
  /** Entries with lower numbers may have been written. */
  readonly written: number;
}

const NO_COUNTS: MuxerCounts = { resent: 0, reconnects: 0, hot: 0, cached: 0, recovered: 0 };

/** An ingester that writes numbered entries in a process of its own, and goes on after it was killed. */
export class IngesterPart implements Part {
  readonly name: string;
  readonly description: string;
  readonly faults: readonly Fault[];
  readonly isNeeded = false;
  readonly connections: number;
  readonly #scene: Scene;
  readonly #targets: readonly string[];
  readonly #choice: IngesterChoice;
  readonly #disk: SmallDisk | undefined;
  readonly #streams = new Map<number, Stream>();
  #process: SoakProcess;
  /** Of the life that is, and of all lives before. */
  #counts = NO_COUNTS;
  #before = NO_COUNTS;
  /** What may have arrived twice because of kills. */
  #lostTrack = 0;
  #latency: Latency | undefined;

  constructor(scene: Scene, choice: IngesterChoice) {
    const { name, description, threads = 0, isKilled, cache } = choice;
    this.#scene = scene;
    this.#choice = choice;
    this.name = name;
    this.description = description;
    for (let i = 0; i < Math.max(threads, 1); i++) {
      const stream = scene.addStream();
      this.#streams.set(stream, { stream, written: 0, settled: 0, confirmed: 0 });
    }
    this.#disk = cache?.onSmallDisk ? SmallDisk.mount(this.#cachePath, DISK_BYTES) : undefined;
    if (cache?.onSmallDisk && this.#disk === undefined) {
      scene.leftOut(`the fault 'fill' of ${name}, since only root may mount a small disk`);
    }
    const { targets = scene.targets(choice.transport) } = choice;
    this.#targets = targets;
    this.connections = targets.length;
    this.faults = [
      'stop',
      ...(isKilled ? (['kill'] as const) : []),
      ...(this.#disk === undefined ? [] : (['fill'] as const)),
    ];
    this.#process = this.#begin();
  }

  get process(): SoakProcess {
    return this.#process;
  }

  get sent() {
    return [...this.#streams.values()].map(({ stream, written }) => ({ stream, sent: written }));
  }

  get counts(): PartCounts {
    const { resent, reconnects, hot, cached } = this.#counts;
    return {
      written: this.#sum(({ written }) => written),
      confirmed: this.#sum(({ confirmed }) => confirmed),
      resent: this.#before.resent + resent,
      reconnects: this.#before.reconnects + reconnects,
      hot,
      cached,
    };
  }

  get mayRepeat(): number {
    const { resent, recovered } = this.#counts;
    return this.#before.resent + this.#before.recovered + resent + recovered + this.#lostTrack;
  }

  takeLatency(): Latency | undefined {
    const latency = this.#latency;
    this.#latency = undefined;
    return latency;
  }

  async suffer({ fault, forMs }: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]> {
    const lasts = () => delay(forMs, undefined, { signal }).catch(() => {});
    if (fault === 'stop') {
      await this.#process.standStill(forMs, signal);
    } else if (fault === 'kill') {
      await this.#process.kill();
      this.#bury();
      await lasts();
      this.#process = this.#begin();
    } else if (fault === 'fill' && this.#disk !== undefined) {
      this.#disk.fill();
      await lasts();
      this.#disk.free();
    } else {
      throw new Error(`an ingester has no fault '${fault}'`);
    }
    return [{ name: this.name, isKilled: fault === 'kill' }];
  }

  async finish(): Promise<void> {
    const finish: ToIngester = { kind: 'finish' };
    await this.#process.ask<FromIngester>(finish, 'finished');
    await this.#process.release();
  }

  async stop(): Promise<void> {
    await this.#process.kill();
  }

  get #cachePath(): string {
    return this.#scene.path(`${this.name} cache`);
  }

  #begin(): SoakProcess {
    const process = new SoakProcess(
      { module: MODULE, ...this.#scene.processSettings(this.name) },
      (message) => this.#hear(message as FromIngester),
    );
    process.send({ kind: 'settings', settings: this.#settings() } satisfies ToIngester);
    return process;
  }

  #settings(): IngesterSettings {
    const { transport, compression = 'none', cache, threads = 0 } = this.#choice;
    const targets = this.#targets;
    const { secret, seed, startSeconds, rate, certificate } = this.#scene;
    const tags = [...this.#streams.keys()].map(tagOf);
    return {
      muxer: {
        ...{ targets, secret, tags, compression },
        ...(transport === 'tls' && { tls: { ca: certificate.cert } }),
        ...(cache !== undefined && {
          cache: {
            path: this.#cachePath,
            mode: cache.mode,
            ...(cache.maxBytes !== undefined && { maxBytes: cache.maxBytes }),
          },
        }),
      },
      streams: [...this.#streams.values()].map(({ stream, settled, written }) => ({
        ...{ stream, seed, startSeconds, entriesPerSecond: rate },
        ...{ from: settled, atLeast: written },
        isJournal: cache?.mode === 'journal',
      })),
      inThreads: threads > 0,
    };
  }

  #hear(message: FromIngester): void {
    if (message.kind === 'counts') this.#counts = message.counts;
    else if (message.kind === 'writing') this.#update(message.stream, { written: message.to });
    else if (message.kind === 'progress') {
      this.#update(message.stream.stream, message.stream);
      this.#latency = worstLatency(this.#latency, message.latency);
    }
  }

  /** Numbers never go down: what one life has written stays so. */
  #update(stream: number, news: Partial<Stream>): void {
    const old = this.#streams.get(stream);
    if (old === undefined) return;
    const later = (key: 'written' | 'settled' | 'confirmed') => Math.max(old[key], news[key] ?? 0);
    this.#streams.set(stream, {
      stream,
      written: later('written'),
      settled: later('settled'),
      confirmed: later('confirmed'),
    });
  }

  /**
   * The process was killed. The next one writes again what was not settled. What was not confirmed may have been sent
   * again by the dead one since it said what it counts.
   */
  #bury(): void {
    this.#lostTrack += this.#sum(({ written, settled }) => written - settled);
    this.#lostTrack += this.#sum(({ written, confirmed }) => written - confirmed);
    const { resent, reconnects, recovered } = this.#before;
    this.#before = {
      resent: resent + this.#counts.resent,
      reconnects: reconnects + this.#counts.reconnects,
      recovered: recovered + this.#counts.recovered,
      hot: 0,
      cached: 0,
    };
    this.#counts = NO_COUNTS;
  }

  #sum(of: (stream: Stream) => number): number {
    return [...this.#streams.values()].reduce((sum, stream) => sum + of(stream), 0);
  }
}
