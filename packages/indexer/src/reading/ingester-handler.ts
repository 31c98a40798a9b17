import type { IndexerTag } from '@ringest/codec';
import type { Logger } from 'pino';
import { failingHandler } from '../behaviour/planned-failure.js';
import type { IndexerOptions } from '../indexer-options.js';
import type { EntryCounter } from './entry-counter.js';
import type { EntryHandler } from './message-reader.js';
import type { TenantAccount } from './tenant-entries.js';

/** What all ingesters of an indexer have in common. */
export interface IngesterHandling
  extends Pick<IndexerOptions, 'onEntry' | 'beforeConfirm' | 'onIngesterState'> {
  readonly counter: EntryCounter;
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
  const { counter, onEntry, beforeConfirm, onIngesterState, isReady, negotiateTag } = handling;
  const handler: EntryHandler = {
    onEntry(entry) {
      counter.check(entry);
      onEntry?.(entry);
      counter.add(entry);
      account.entries++;
    },
    beforeConfirm: () => beforeConfirm?.(),
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
