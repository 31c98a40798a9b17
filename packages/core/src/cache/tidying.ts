import { Wait } from '../wait.js';
import type { CacheHost } from './cache-host.js';
import type { GroupCommit } from './group-commit.js';
import type { Leftovers } from './leftovers.js';
import type { NeededSegments } from './needed-segments.js';
import type { RefusedKeeper } from './refused-keeper.js';
import type { Replay } from './replay.js';
import type { SegmentRemover } from './segment-remover.js';
import type { Store } from './store.js';

/** The parts that tidying up uses. */
export interface TidyingParts {
  readonly store: Store;
  readonly contents: NeededSegments;
  readonly commit: GroupCommit;
  readonly refused: RefusedKeeper;
  readonly leftovers: Leftovers;
  readonly replay: Replay;
  readonly remover: SegmentRemover;
  readonly host: CacheHost;
}

/**
 * Appends everything that must be kept for the next run, and removes the segments that are not needed. If it
 * cannot do all of that in time, it logs a warning.
 * @param path the folder of the cache, for the log
 * @param signal ends the wait for the disk
 */
export async function tidyUp(
  parts: TidyingParts,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { refused, leftovers, host } = parts;
  refused.forgetOthers();
  const isTidy = await storeAndRemove(parts, signal).catch((err) => {
    host.warn({ err }, 'the cache could not be tidied up');
    return false;
  });
  if (!isTidy) host.warn({ path }, 'the cache keeps more than is needed: some of it is sent twice');
  leftovers.append();
}

/** Returns whether all was done. Rejects with the reason of the signal. */
async function storeAndRemove(parts: TidyingParts, signal: AbortSignal): Promise<boolean> {
  const { store, contents, commit, leftovers, replay, remover } = parts;
  const isStored = () => store.storedKey >= store.lastKey;
  const isSettled = () =>
    isStored() && store.segments.every(({ id, isSealed }) => isSealed || contents.isNeeded(id));
  commit.now();
  // The order of the leftovers depends on the segments of earlier runs.
  await store.until(() => store.isRead || store.isUseless, signal);
  leftovers.append();
  // Blocks that are stored are in known segments.
  if (!(await untilStored(store, isStored, signal))) return false;
  await within(replay.keepRest(), signal).finally(() => leftovers.append());
  if (!(await untilStored(store, isSettled, signal))) return false;
  const needless = store.segments.filter(({ id }) => !contents.isNeeded(id));
  await within(Promise.all(needless.map(({ id }) => remover.remove(id))), signal);
  return true;
}

/**
 * Waits until the disk has stored the blocks, or fails.
 * @returns whether they are stored. If not, the end of the store tries once more
 */
async function untilStored(
  store: Store,
  isStored: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  store.sync();
  await store.until(() => isStored() || store.trouble !== undefined, signal);
  return isStored();
}

/** Waits for a promise until a signal is aborted. */
function within(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const pending = new Wait('the cache', { signal }, (reason) => pending.reject(reason));
  work.then(
    () => pending.resolve(),
    (error) => pending.reject(error),
  );
  return pending.promise;
}
