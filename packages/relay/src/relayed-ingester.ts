import {
  checkTag,
  type DecodeError,
  GRAVWELL_TAG,
  type IndexerTag,
  type IngesterIdentity,
  type IngesterState,
} from '@ringest/codec';
import {
  type EntryHandler,
  type EntryRun,
  type EntryView,
  TagNotNegotiatedError,
} from '@ringest/indexer';
import type { Logger } from 'pino';
import { DittoBlocks } from './ditto-blocks.js';
import type { ListenerTags } from './listener-tags.js';
import { TagSet } from './tag-set.js';
import type { WayOut } from './way-out.js';

/** What was received. */
export interface Received {
  entries: number;
  /** Bytes of data and enumerated values. */
  bytes: number;
}

/** What an ingester of a relay has to do with. */
export interface RelayedIngesterParts {
  readonly out: WayOut;
  /** The name of the listener. */
  readonly listener: string;
  readonly tags: ListenerTags;
  /** Counts what all ingesters of the listener send. */
  readonly received: Received;
  readonly maxDittoBytes: number;
  /** `host:port`, or the path of a pipe. */
  readonly peer: string;
  readonly log: Logger;
}

/** Bytes of a frame besides data and enumerated values (§5). */
const FRAME_BYTES = 46;

/**
 * One hot ingester of a relay: what it sends goes to the muxer in whole runs of frames, and it gets its
 * confirmations when the muxer has its own.
 */
export class RelayedIngester implements EntryHandler {
  readonly #parts: RelayedIngesterParts;
  readonly #inlet: WayOut['inlet'];
  /** The tags that it has negotiated, and those of entries that it has sent. */
  readonly #granted = new TagSet();
  readonly #used = new TagSet();
  readonly #hasUsed = (tag: number) => this.#used.has(tag);
  readonly #dittos: DittoBlocks;
  /** Its connection has ended: what waits for room could not be confirmed to it any more. */
  readonly #end = new AbortController();
  readonly #waiting = { signal: this.#end.signal };
  #uuid = '';
  /** The name of its state among the children of the relay's; `undefined`: it has reported none. */
  #child: string | undefined;

  /** @param tags the names that it has negotiated in the handshake */
  constructor(parts: RelayedIngesterParts, tags: readonly string[]) {
    this.#parts = parts;
    this.#inlet = parts.out.inlet;
    this.#dittos = new DittoBlocks(
      (frames) => this.#inlet.dittoWrite(frames, this.#waiting),
      parts.maxDittoBytes,
    );
    this.#granted.add(GRAVWELL_TAG);
    for (const name of tags) this.#granted.add(parts.out.muxer.getTag(checkTag(name)));
  }

  onEntry(entry: EntryView): void {
    const { tag } = entry;
    if (!this.#granted.has(tag)) throw new TagNotNegotiatedError(tag, entry.id);
    this.#used.add(tag);
  }

  onRunEnd(run: EntryRun): Promise<void> | undefined {
    const { frames, entries, isDitto } = run;
    const { received } = this.#parts;
    received.entries += entries;
    received.bytes += frames.length - entries * FRAME_BYTES;
    return isDitto ? this.#dittos.gather(run) : this.#inlet.write(frames, this.#waiting);
  }

  beforeConfirm(): Promise<void> {
    return this.#parts.out.confirmed(this.#hasUsed);
  }

  onDittoBlock(entries: number): Promise<void> {
    return this.#dittos.sendNext(entries);
  }

  onForceAck(): void {
    this.#parts.out.force();
  }

  isReady(): boolean {
    return this.#parts.out.isReady;
  }

  negotiateTag(name: string): IndexerTag {
    const { tags, out } = this.#parts;
    const tag = tags.grant(name, out);
    this.#granted.add(tag);
    return tag;
  }

  onIdentity({ name, version, uuid }: IngesterIdentity): void {
    this.#uuid = uuid;
    this.#parts.log.info({ name, version, uuid }, 'ingester identity');
  }

  onIngesterState(state: IngesterState | DecodeError): void {
    const { out, listener, peer, log } = this.#parts;
    if (state instanceof Error) {
      log.warn({ err: state }, 'ingester state cannot be read');
      return;
    }
    if (this.#child !== undefined) {
      out.children.update(this.#child, state);
      return;
    }
    // Connections of one ingester report the same state. Nobody can take the place of an ingester of another listener.
    this.#child = `${listener}/${state.uuid || this.#uuid || peer}`;
    out.children.add(this.#child, state);
  }

  /** Its connection has ended. */
  ended(): void {
    this.#end.abort();
    if (this.#child !== undefined) this.#parts.out.children.remove(this.#child);
  }
}
