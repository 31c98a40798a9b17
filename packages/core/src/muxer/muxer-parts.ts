import type { EventEmitter } from 'node:events';
import { FRAME_BYTES, type MuxerTag } from '@ringest/codec';
import { type Lane, SharedMemoryPool } from '@ringest/workers';
import { DiskCache } from '../cache/disk-cache.js';
import type { CacheSettings } from '../configuration/cache-settings.js';
import type { Configuration, MuxerConfiguration } from '../configuration/configuration.js';
import { checkReload } from '../configuration/reload.js';
import type { Target } from '../configuration/targets/index.js';
import { CheckedEntry } from '../entries/checked-entry.js';
import { DittoWriter } from '../entries/ditto-writer.js';
import { EntryWriter } from '../entries/entry-writer.js';
import { MuxerTags } from '../entries/muxer-tags.js';
import { TimestampWindow } from '../entries/timestamp-window.js';
import { NotRunningError } from '../errors.js';
import type { MuxerEvents, MuxerState } from '../muxer-events.js';
import { OncePerTurn } from '../once-per-turn.js';
import { Lanes } from '../placing/lanes.js';
import { Rings } from '../placing/rings.js';
import { Targets } from '../placing/targets.js';
import { toMessage } from '../producing/error-message.js';
import { Producers } from '../producing/producers.js';
import type { SelfLog } from '../reporting/self-log.js';
import { StateReporter } from '../reporting/state-reporter.js';
import { Dispatcher } from '../waiting/dispatcher.js';
import { createSelfLog } from './create-self-log.js';

/**
 * What a muxer is made of. Each part is given those that it calls. What a part reports comes here, and goes on to the
 * other parts, the log and the events of the muxer. docs/architecture.md has the order in which they are made.
 */
export class MuxerParts {
  /** Its `label` and `closeTimeout` change when the muxer reloads. */
  configuration: Configuration;
  state: MuxerState = 'not started';
  /** Whether the self log may write entries: not while `close` waits for confirmations, which they would delay. */
  ingestsLog = true;
  readonly tags: MuxerTags;
  readonly log: SelfLog;
  readonly lanes: Lanes;
  readonly rings: Rings;
  readonly cache: DiskCache | undefined;
  readonly producers: Producers;
  readonly dispatcher: Dispatcher;
  readonly writer: EntryWriter;
  readonly dittos: DittoWriter;
  readonly reporter: StateReporter;
  readonly targets: Targets;
  readonly #events: EventEmitter<MuxerEvents>;
  readonly #sharedMemory = new SharedMemoryPool();

  /**
   * @param events where the events of the muxer are emitted
   * @throws {SystemLimitError} the process has too little address space for all lanes
   */
  constructor(configuration: Configuration, events: EventEmitter<MuxerEvents>) {
    const { cache } = configuration;
    const progress = new OncePerTurn(() => this.dispatcher.progress());
    this.configuration = configuration;
    this.#events = events;
    this.tags = new MuxerTags(configuration.tags);
    this.log = createSelfLog(this);
    this.lanes = this.#createLanes(progress);
    this.rings = new Rings(this.lanes.all, configuration, this.#sharedMemory, progress);
    if (cache !== undefined) this.cache = this.#createCache(cache, progress);
    this.producers = this.#createProducers(progress);
    this.dispatcher = this.#createDispatcher(progress);
    this.writer = this.#createWriter();
    this.dittos = this.#createDittos();
    this.reporter = this.#createReporter();
    this.targets = this.#createTargets();
  }

  /**
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   */
  checkRunning(): void {
    if (this.state !== 'running') throw new NotRunningError(this.state);
    const { failure } = this.lanes;
    if (failure !== undefined) throw failure;
  }

  /** Throws what `checkRunning` does, unless the muxer is not started yet. */
  checkUsable(): void {
    if (this.state !== 'not started') this.checkRunning();
  }

  /** Checks a configuration that a muxer at work is to take over. @throws {ConfigurationError | TooManyTagsError} it cannot */
  checkReload(input: MuxerConfiguration): Configuration {
    const next = checkReload(this.configuration, input);
    this.tags.checkRoom(next.tags);
    return next;
  }

  /** Adds a tag, unless the muxer has it already, and returns its number. */
  addTag(name: string): MuxerTag {
    const { isNew, ...added } = this.tags.add(name);
    if (isNew) {
      this.cache?.addTag(added.name);
      this.producers.post({ kind: 'tagAdded', name: added.name });
      for (const lane of this.lanes.all) lane.addTag(added);
      this.reporter.changed();
    }
    return added.tag;
  }

  /** Warns of a target whose certificate is not verified. */
  warnIfInsecure({ endpoint, credentials }: Target): void {
    if (endpoint.transport.kind !== 'tls' || !credentials.tls.insecureSkipVerify) return;
    const text =
      'the certificate of a target is not verified: any host that answers can read the entries';
    this.log.warn({ target: endpoint.address }, text);
  }

  /** The size of the disk cache in bytes; 0 without a cache. */
  cacheSize(): number {
    return this.cache?.size ?? 0;
  }

  #createLanes(progress: OncePerTurn): Lanes {
    return new Lanes(this.configuration, this.tags.names, this.#sharedMemory, progress, {
      hot: (lane) => this.#laneIsHot(lane),
      lost: (error, retryInMs) => {
        this.log.warn({ err: error, retryInMs }, 'lost');
        this.#events.emit('lost', error, retryInMs);
      },
      tagRefused: (lane, tag) => {
        const fields = { target: lane.endpoint.address, tag: this.tags.lookup(tag) };
        this.log.warn(fields, 'the indexer refuses a tag');
      },
      throttled: (lane, throttling) => {
        const fields = { target: lane.endpoint.address, ...throttling };
        this.log.info(fields, 'the indexer asks for a pause');
      },
      changed: () => this.#lanesChanged(),
      allFailed: (error) => {
        this.dispatcher.abandon(error);
        this.producers.post({ kind: 'failed', error: toMessage(error) });
      },
      failed: (error, message) => this.#failed(error, message),
    });
  }

  #createCache(settings: CacheSettings, progress: OncePerTurn): DiskCache {
    return new DiskCache(settings, this.rings, progress, {
      tag: (name) => this.addTag(name),
      info: (fields, message) => this.log.info(fields, message),
      warn: (fields, message) => this.log.warn(fields, message),
      // Not from there: what a listener throws must not end the cache.
      failed: (error, message) => queueMicrotask(() => this.#failed(error, message)),
      trouble: (error) => {
        if (error === undefined) this.lanes.cacheWorks();
        queueMicrotask(() => this.#events.emit('cacheTrouble', error));
      },
      changed: () => this.reporter.changed(),
      barrier: () => this.dispatcher.barrier(false, {}),
    });
  }

  #createProducers(progress: OncePerTurn): Producers {
    const { ringBytes, batchBytes, backlogBytes, cache } = this.configuration;
    const { attachments, sourceOverride, maxEntrySize, timestampWindow } = this.configuration;
    const isJournal = cache?.mode === 'journal';
    return new Producers({
      ringBytes,
      task: () => ({
        ...{ isJournal, batchBytes, backlogBytes, maxEntrySize, timestampWindow },
        closeTimeout: this.configuration.closeTimeout,
        tags: this.tags.names,
        refusedTags: this.tags.refusedTags,
        attached: attachments?.values,
        source: sourceOverride && Uint8Array.from(sourceOverride.bytes),
      }),
      progress: () => progress.now(),
      barrier: async (forces) => {
        // What was abandoned stays so.
        if (this.lanes.failure !== undefined) throw this.lanes.failure;
        await this.dispatcher.barrier(forces, {});
      },
      receipt: (entries) => this.cache?.receipt(entries),
      addTag: (name) => {
        this.checkRunning();
        return this.addTag(name);
      },
      spare: (bytes) => this.#sharedMemory.takeFree(bytes),
      warn: (fields, message) => this.log.warn(fields, message),
      failed: (error, message) => queueMicrotask(() => this.#failed(error, message)),
    });
  }

  #createDispatcher(progress: OncePerTurn): Dispatcher {
    return new Dispatcher(this.rings, this.cache, progress, {
      producers: this.producers,
      backlogBytes: this.configuration.backlogBytes,
      drained: () => {
        this.log.flush();
        this.#events.emit('drain');
      },
      refusal: (tag, waiting) => this.tags.refusal(tag, waiting),
    });
  }

  #createWriter(): EntryWriter {
    const { attachments, sourceOverride, maxEntrySize, timestampWindow } = this.configuration;
    const warn = (fields: Readonly<Record<string, unknown>>, message: string) =>
      this.log.warn(fields, message);
    const window = TimestampWindow.of(timestampWindow, warn);
    return new EntryWriter({
      tags: this.tags,
      extras: { attachments, sourceOverride, maxEntrySize, window },
      placer: this.rings.placer,
      dispatcher: this.dispatcher,
      receipts: this.cache,
      checkRunning: () => this.checkRunning(),
      warn,
    });
  }

  #createDittos(): DittoWriter {
    const { maxEntrySize, backlogBytes } = this.configuration;
    const lanes = this.lanes.all;
    return new DittoWriter({
      lanes,
      pick: (passedOver) => {
        const picked = this.rings.placer.balancer.pick(passedOver);
        return lanes.find((lane) => lane === picked);
      },
      parts: new CheckedEntry(this.tags, { maxEntrySize }),
      tags: this.tags,
      memory: this.#sharedMemory,
      backlogBytes,
    });
  }

  #createReporter(): StateReporter {
    const { identity, cache } = this.configuration;
    return new StateReporter({
      identity,
      label: () => this.configuration.label,
      lanes: this.lanes.all,
      log: this.log,
      tags: () => this.tags.names,
      flow: () => {
        const { entries, bytes } = this.rings.written();
        return { entries, bytes: bytes - entries * FRAME_BYTES };
      },
      cache: () => ({ state: cache?.mode ?? '', size: this.cacheSize() }),
    });
  }

  #createTargets(): Targets {
    const { targets, targetChecker } = this.configuration;
    return new Targets(targets, targetChecker, this.lanes, this.rings, {
      added: (target) => {
        this.log.info({ target: target.endpoint.address }, 'a target is added');
        if (this.state === 'running') this.warnIfInsecure(target);
      },
      removed: ({ endpoint }) => {
        this.log.info({ target: endpoint.address }, 'a target is removed');
        this.#lanesChanged();
      },
      settled: (options) => this.dittos.settled(options),
    });
  }

  #laneIsHot(lane: Lane): void {
    const { address } = lane.endpoint;
    this.log.info({ target: address, ...lane.session }, 'hot');
    this.log.flush();
    this.reporter.laneIsHot(lane);
    this.#events.emit('hot', address);
  }

  #lanesChanged(): void {
    const refused = new Set(this.lanes.all.flatMap(({ refusedTags }) => [...refusedTags]));
    const byAll = [...refused].filter((tag) => this.rings.refused.isRefused(tag));
    const fresh = byAll.filter((tag) => this.tags.has(tag));
    this.tags.refuse(byAll);
    this.producers.post({ kind: 'tagsRefused', tags: byAll });
    this.dispatcher.lanesChanged();
    for (const tag of fresh) this.#failed(this.tags.refusal(tag), 'a tag is refused');
  }

  /** Reports something that is not tried again. Without a listener it is only logged. */
  #failed(error: Error, message: string): void {
    this.log.error({ err: error }, message);
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error);
  }
}
