import type { EventEmitter } from 'node:events';
import { NotRunningError, WaitTimeoutError } from '../errors.js';
import type { CloseReport, MuxerEvents } from '../muxer-events.js';
import { muxerStats } from '../reporting/stats.js';
import { KeepAlive } from './keep-alive.js';
import type { MuxerParts } from './muxer-parts.js';

/**
 * Starts and closes a muxer. The order matters: docs/architecture.md says why each step comes where it does.
 */
export class Lifecycle {
  readonly keepAlive = new KeepAlive();
  readonly #parts: MuxerParts;
  readonly #events: EventEmitter<MuxerEvents>;
  #statsTimer: NodeJS.Timeout | undefined;
  #closed: Promise<CloseReport> | undefined;

  /** @param events where the end is emitted */
  constructor(parts: MuxerParts, events: EventEmitter<MuxerEvents>) {
    this.#parts = parts;
    this.#events = events;
  }

  /**
   * @throws {NotRunningError} the muxer is closing or closed
   * @throws {CacheLockedError | CacheOpenError} the cache cannot be used; nothing was started
   */
  start(): void {
    const parts = this.#parts;
    const { configuration, log, producers } = parts;
    if (parts.state === 'running') return;
    if (parts.state !== 'not started') throw new NotRunningError(parts.state);
    parts.cache?.open(configuration.identity.uuid, parts.tags.names);
    parts.state = 'running';
    this.keepAlive.begin();
    parts.reporter.start();
    const { attachments, statsInterval } = configuration;
    attachments?.start(
      (err) => log.warn({ err }, 'the attached values could not be read again: the old ones stay'),
      () => producers.post({ kind: 'attached', values: attachments.values }),
    );
    if (statsInterval > 0) {
      this.#statsTimer = setInterval(() => this.#logStats(), statsInterval).unref();
    }
    for (const target of parts.targets.all) parts.warnIfInsecure(target);
    parts.lanes.start();
  }

  /**
   * Further calls return the same promise.
   * @param timeout how long to wait for confirmations, in milliseconds
   */
  close(timeout = this.#parts.configuration.closeTimeout): Promise<CloseReport> {
    this.#closed ??= this.#close(timeout).finally(() => this.keepAlive.end());
    return this.#closed;
  }

  async #close(timeout: number): Promise<CloseReport> {
    const parts = this.#parts;
    const { log, lanes } = parts;
    const wasRunning = parts.state === 'running';
    this.keepAlive.insist();
    log.flush();
    parts.ingestsLog = false;
    parts.state = 'closing';
    const closing = new NotRunningError('closing');
    lanes.stopWaiting(closing);
    clearInterval(this.#statsTimer);
    parts.reporter.stop();
    parts.configuration.attachments?.stop();
    parts.producers.stop();
    if (wasRunning && lanes.failure === undefined) {
      await Promise.all([this.#sync(timeout), this.#settleDittos(timeout)]);
    }
    log.end();
    const report = await this.#leave(closing);
    parts.state = 'closed';
    const { unconfirmed, cached } = report;
    if (unconfirmed > cached) log.error({ unconfirmed, cached }, 'closed with unconfirmed entries');
    else if (unconfirmed > 0) log.warn({ unconfirmed, cached }, 'closed, the rest is in the cache');
    else log.info({}, 'closed');
    // Not from here: what a listener throws must not reject the promise of `close`.
    queueMicrotask(() => this.#events.emit('closed', report));
    return report;
  }

  /** Waits for confirmations, and then for those of the self log lines that were written in the meantime. */
  async #sync(timeout: number): Promise<void> {
    const parts = this.#parts;
    const { log, producers, dispatcher } = parts;
    const deadline = performance.now() + timeout;
    const left = () => Math.max(1, deadline - performance.now());
    try {
      if (producers.count > 0) await producers.ended({ timeout });
    } catch (error) {
      log.warn({ err: error }, 'not all producers ended in time');
    }
    try {
      await dispatcher.barrier(true, { timeout: left() });
    } catch (error) {
      log.warn({ err: error }, 'not all entries could be confirmed');
      if (error instanceof WaitTimeoutError) return;
    }
    if (log.waiting === 0) return;
    parts.ingestsLog = true;
    log.flush();
    parts.ingestsLog = false;
    // The report counts what is not confirmed by then.
    await dispatcher.barrier(true, { timeout: left() }).catch(() => {});
  }

  async #settleDittos(timeout: number): Promise<void> {
    const { dittos, log } = this.#parts;
    try {
      await dittos.settled({ timeout });
    } catch (error) {
      log.warn({ err: error }, 'not all ditto blocks were finished in time');
    }
  }

  /** Ends the lanes, and the cache with what they have left. */
  async #leave(closing: Error): Promise<CloseReport> {
    const { cache, dispatcher, producers, lanes, rings, configuration } = this.#parts;
    cache?.stop();
    dispatcher.close(closing);
    const lost = producers.takeAll(() => true);
    await lanes.close();
    cache?.keepUnconfirmed();
    const left = lanes.unconfirmedEntries() + rings.refused.entries + lost;
    const kept = await cache?.close(configuration.closeTimeout);
    producers.close();
    return { unconfirmed: left + (kept?.unconfirmed ?? 0), cached: kept?.cached ?? 0 };
  }

  #logStats(): void {
    const { log } = this.#parts;
    const stats = muxerStats(this.#parts);
    const { lanes, ackLatencyMs, ackHistogram: _histogram, ...counts } = stats;
    const ackLatencyP50Ms = ackLatencyMs.p50;
    log.info({ ...counts, lanes: lanes.length, ackLatencyP50Ms }, 'statistics');
    log.flush();
  }
}
