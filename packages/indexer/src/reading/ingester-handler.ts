import type { IndexerTag, IngesterState } from '@ringest/codec';
import type { Logger } from 'pino';
import type { EntryCounter } from './entry-counter.js';
import type { EntryView } from './entry-view.js';
import type { EntryHandler } from './message-reader.js';
import { failingHandler } from './planned-failure.js';
import type { TenantAccount } from './tenant-entries.js';

/** The functions of a program that an indexer calls. */
export interface IngesterCallbacks {
  /**
   * Called with every entry before it is counted. If it throws, the connection ends and the entry is not
   * confirmed. If it returns a promise, the entry is confirmed, and more is read from the connection, once
   * that is fulfilled; see {@link EntryHandler.onEntry}.
   */
  readonly onEntry?: EntryHandler['onEntry'] | undefined;
  /**
   * Called when a ditto block (§10) was passed on whole, before it is confirmed. It throws a
   * {@link DittoRefusedError} to refuse the block, whose entries are counted all the same; see
   * {@link EntryHandler.onDittoBlock}. Default: each block is stored.
   */
  readonly onDittoBlock?: EntryHandler['onDittoBlock'] | undefined;
  /**
   * Called before the entries read so far on a connection are confirmed, many at once. A program that
   * stores entries makes them durable here. If it throws, the connection ends and they are not confirmed.
   * If it returns a promise, they are confirmed once that is fulfilled; see
   * {@link EntryHandler.beforeConfirm}.
   */
  readonly beforeConfirm?: EntryHandler['beforeConfirm'] | undefined;
  /** Called with every state that an ingester reports (§8). If it throws, the connection ends. */
  readonly onIngesterState?: ((state: IngesterState) => void) | undefined;
}

/** What keeps entries. A `Store` does. */
export interface EntryStore {
  /** Returns the way into the store for one connection. */
  inlet(): EntryInlet;
  /** Gives a tag number its name, before an entry has it. */
  nameTag(number: number, name: string): void;
}

/** The way into a store for one connection. */
export interface EntryInlet {
  /** Adds an entry. Its bytes stay until {@link endRun}. */
  add(entry: EntryView): void;
  /** Copies the entries that were added. A promise is fulfilled when there is room for more. */
  endRun(): Promise<void> | undefined;
  /** A promise is fulfilled when all entries are stored that were added since the last call. */
  written(): Promise<void> | undefined;
}

/** What all ingesters of an indexer have in common. */
export interface IngesterHandling extends IngesterCallbacks {
  readonly counter: EntryCounter;
  /** Where the entries are stored; `undefined`: they are not. */
  readonly store: EntryStore | undefined;
  readonly isReady: () => boolean;
  readonly negotiateTag: (name: string) => IndexerTag;
  /** See {@link IndexerBehaviour.failAfter}. */
  readonly failAfter: number;
}

/**
 * Makes the handler of one ingester: it counts entries, passes them to the callbacks of the options, and
 * logs what the ingester reports about itself.
 */
export function ingesterHandler(
  handling: IngesterHandling,
  account: TenantAccount,
  log: Logger,
): EntryHandler {
  const { counter, onEntry, onDittoBlock, beforeConfirm, onIngesterState } = handling;
  const { isReady, negotiateTag } = handling;
  const inlet = handling.store?.inlet();
  const handler: EntryHandler = {
    onEntry(entry) {
      counter.check(entry);
      const taken = onEntry?.(entry);
      inlet?.add(entry);
      counter.add(entry);
      account.entries++;
      return taken;
    },
    onDittoBlock: (entries) => onDittoBlock?.(entries),
    beforeConfirm() {
      const ready = beforeConfirm?.();
      const written = inlet?.written();
      if (ready === undefined || written === undefined) return ready ?? written;
      return Promise.all([ready, written]).then(() => {});
    },
    onRunEnd: () => inlet?.endRun(),
    isReady,
    negotiateTag,
    onIdentity: ({ name, version, uuid }) => log.info({ name, version, uuid }, 'ingester identity'),
    onIngesterState(state) {
      if (state instanceof Error) {
        log.warn({ err: state }, 'ingester state cannot be read');
        return;
      }
      log.debug({ entries: state.entries, tags: state.tags }, 'ingester state');
      onIngesterState?.(state);
    },
  };
  const { failAfter } = handling;
  return failAfter === 0 ? handler : failingHandler(handler, failAfter, () => counter.entries);
}
