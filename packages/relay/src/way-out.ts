import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Tenant } from '@ringest/codec';
import {
  type CloseOptions,
  type CloseReport,
  type FrameInlet,
  IngestMuxer,
  InvalidTagError,
  type MuxerConfiguration,
  type MuxerTag,
  TagRefusedError,
  TooManyTagsError,
  UnknownTagError,
} from '@ringest/core';
import { TagNotGrantedError } from '@ringest/indexer';
import type { Logger } from 'pino';
import { ChildStates } from './child-states.js';

/** The way to the indexers for the ingesters of one tenant, or of none: a muxer. */
export class WayOut {
  readonly muxer: IngestMuxer;
  readonly inlet: FrameInlet;
  readonly children: ChildStates;
  readonly #isJournal: boolean;
  #isForcing = false;
  #isAsked = false;

  /** @throws {ConfigurationError | SystemLimitError} as `IngestMuxer` does */
  constructor(configuration: MuxerConfiguration, log: Logger) {
    this.muxer = new IngestMuxer(configuration);
    this.inlet = this.muxer.openInlet();
    this.children = new ChildStates(this.muxer, log);
    this.#isJournal = configuration.cache?.mode === 'journal';
  }

  /** Whether ingesters may ingest: entries go to an indexer, or to a journal that takes them. */
  get isReady(): boolean {
    if (this.muxer.hot() > 0) return true;
    if (!this.#isJournal) return false;
    const { cache } = this.muxer.stats();
    return cache?.isFull === false && cache.trouble === undefined;
  }

  /** Whether the muxer has a tag already: another one takes one of its numbers. */
  hasTag(name: string): boolean {
    try {
      this.muxer.getTag(name);
      return true;
    } catch (error) {
      if (error instanceof UnknownTagError) return false;
      throw error;
    }
  }

  /**
   * Returns the number that ingesters get for a tag: that of the muxer, so that frames need no other one.
   * @param name a valid one
   * @throws {TagNotGrantedError} every connected indexer refuses it, or no number is left
   */
  negotiateTag(name: string): MuxerTag {
    if (this.muxer.isTagRefused(name)) {
      throw new TagNotGrantedError(name, 'every connected indexer refuses it');
    }
    try {
      return this.muxer.negotiateTag(name);
    } catch (cause) {
      const isRefusal = cause instanceof TooManyTagsError || cause instanceof InvalidTagError;
      if (!isRefusal) throw cause;
      throw new TagNotGrantedError(name, cause.message, { cause });
    }
  }

  /**
   * Resolves once all that was written before may be confirmed to ingesters.
   * @param hasUsed whether the ingester has sent entries with a tag
   * @throws {TagRefusedError} some of its entries have a tag that every connected indexer refuses
   */
  async confirmed(hasUsed: (tag: number) => boolean): Promise<void> {
    try {
      await this.inlet.receipt();
    } catch (error) {
      if (!(error instanceof TagRefusedError)) throw error;
      // Everything else is confirmed then, and that may be all that this ingester has sent.
      if (error.tags.some((name) => hasUsed(this.muxer.getTag(name)))) throw error;
    }
  }

  /** Asks the indexers to confirm what was written, at the end of this turn, or once they have confirmed the last time. */
  force(): void {
    if (this.#isJournal) return;
    this.#isAsked = true;
    if (!this.#isForcing) void this.#force();
  }

  async #force(): Promise<void> {
    this.#isForcing = true;
    while (this.#isAsked) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#isAsked = false;
      // Why confirmations do not come, those who wait for them are told.
      await this.inlet.force().catch(() => {});
    }
    this.#isForcing = false;
  }

  close(options: CloseOptions): Promise<CloseReport> {
    this.children.close();
    return this.muxer.close(options);
  }
}

/** The configuration of the muxer for a tenant; an empty name: for ingesters without one. */
export function configurationFor(
  tenant: Tenant['name'],
  muxer: MuxerConfiguration,
): MuxerConfiguration {
  if (tenant === '') return muxer;
  const { cache } = muxer;
  const targets = muxer.targets.map((target) =>
    typeof target === 'string' ? target : { ...target, tenant },
  );
  if (cache === undefined) return { ...muxer, targets, tenant };
  const path = join(cache.path, folderOf(tenant));
  return { ...muxer, targets, tenant, cache: { ...cache, path } };
}

/** A folder for each tenant: names may have any characters, and many of them. */
function folderOf(tenant: string): string {
  const readable = tenant.replaceAll(/[^\w-]/g, '_').slice(0, 64);
  const hash = createHash('sha256').update(tenant).digest('hex').slice(0, 16);
  return `tenant-${readable}-${hash}`;
}
