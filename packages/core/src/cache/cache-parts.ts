import type { CacheSegment } from '@ringest/cache';
import { SharedMemoryPool } from '@ringest/workers';
import type { CacheSettings } from '../configuration/cache-settings.js';
import { OncePerTurn } from '../once-per-turn.js';
import type { Rings } from '../placing/rings.js';
import { Appender } from './appender.js';
import type { FrameBlock } from './block-builder.js';
import type { CacheHost } from './cache-host.js';
import { DropCounter } from './drop-counter.js';
import { GroupCommit } from './group-commit.js';
import { Journal } from './journal.js';
import { Leftovers } from './leftovers.js';
import { NeededSegments } from './needed-segments.js';
import { RefusedKeeper } from './refused-keeper.js';
import { Replay } from './replay.js';
import { SegmentRemover } from './segment-remover.js';
import { Spill } from './spill.js';
import { SpillDelay } from './spill-delay.js';
import { Store } from './store.js';

/** With this many bytes on their way to the disk, the cache accepts no further entries. */
const MAX_UNSTORED = 32 * 1024 * 1024;

/** The parts of a disk cache, and what the events of the store mean to each of them. */
export class CacheParts {
  readonly host: CacheHost;
  readonly store: Store;
  readonly contents: NeededSegments;
  readonly appender: Appender;
  readonly spill: Spill;
  readonly spillDelay: SpillDelay;
  /** Copies frames that enter rings; `undefined`: the mode is not `journal`. */
  readonly journal: Journal | undefined;
  readonly commit: GroupCommit;
  readonly leftovers: Leftovers;
  readonly refused: RefusedKeeper;
  readonly remover: SegmentRemover;
  readonly replay: Replay;
  readonly drops: DropCounter;
  /** Appends, at the end of the turn, what was gathered in it. */
  readonly handOn = new OncePerTurn(() => this.commit.endTurn());
  readonly #pool = new SharedMemoryPool();
  readonly #progress: OncePerTurn;

  /** @param progress runs `Dispatcher.progress` */
  constructor(settings: CacheSettings, rings: Rings, progress: OncePerTurn, host: CacheHost) {
    const { mode, maxSegmentBytes } = settings;
    const { placer } = rings;
    const pool = this.#pool;
    this.#progress = progress;
    this.host = host;
    const store = this.#createStore(settings);
    const contents = new NeededSegments(rings.moves, host);
    const { pending, refusedCopies: copies } = contents;
    const appender = new Appender(store, pending);
    const spill = new Spill(pool, maxSegmentBytes, (block) => this.#appendSpilled(block));
    if (mode === 'journal') {
      const isBehind = () => this.isBehind;
      const journalParts = { store, appender, pool, handOn: this.handOn, isBehind };
      this.journal = new Journal(journalParts, maxSegmentBytes);
      placer.copyTo(this.journal);
    }
    const { handOn, journal } = this;
    const leftovers = new Leftovers({ store, pending, appender, pool }, maxSegmentBytes);
    const refusedParts = { refused: rings.refused, copies, appender, store, pool };
    const refused = new RefusedKeeper(refusedParts, maxSegmentBytes);
    const remover = new SegmentRemover({ store, contents, rings, refused, host });
    const replayParts = { rings, store, contents, leftovers, remover, pool, host, progress };
    this.store = store;
    this.contents = contents;
    this.appender = appender;
    this.spill = spill;
    this.spillDelay = new SpillDelay(mode, rings, progress);
    this.commit = new GroupCommit({ store, placer, spill, journal, host, handOn });
    this.leftovers = leftovers;
    this.refused = refused;
    this.remover = remover;
    this.replay = new Replay(replayParts);
    this.drops = new DropCounter(host);
  }

  /** How many bytes are on their way to the disk, including those that are in no block yet. */
  get unstoredBytes(): number {
    const { store, spill, leftovers, journal } = this;
    return store.unstoredBytes + spill.bytes + leftovers.bytes + (journal?.bytes ?? 0);
  }

  /** How many entries are only in the cache. */
  get pendingEntries(): number {
    const { contents, spill, leftovers } = this;
    return contents.entries + spill.entries + leftovers.entries;
  }

  /** Whether too many bytes are on their way to a disk that works. */
  get isBehind(): boolean {
    return this.store.isWorking && this.unstoredBytes >= MAX_UNSTORED;
  }

  #createStore(settings: CacheSettings): Store {
    return new Store(settings, this.host, {
      found: (segments) => this.#found(segments),
      placed: (key, place) => this.contents.placed(key, place),
      stored: ({ key, memory }) => {
        if (this.contents.pending.stored(key)) this.#pool.free(Buffer.from(memory));
        this.commit.stored(this.store.storedKey);
      },
      dropped: ({ segment, entries }) => {
        const lost = this.contents.dropped(segment);
        this.drops.add(lost, entries - lost);
      },
      changed: () => {
        this.journal?.look();
        this.remover.look();
        this.commit.look();
        this.#progress.schedule();
      },
    });
  }

  #appendSpilled(block: FrameBlock): void {
    this.appender.appendPending('overflow', block);
    this.contents.reportUse();
    this.#progress.schedule();
  }

  #found(segments: readonly CacheSegment[]): void {
    this.contents.pending.found(segments);
    const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
    if (entries === 0) return;
    this.host.info({ entries }, 'the cache has entries of an earlier run');
    this.contents.reportUse();
  }
}
