import { Wait } from '../wait.js';
import type { CacheHost } from './cache-host.js';
import type { GroupCommit } from './group-commit.js';
import type { Leftovers } from './leftovers.js';
import type { NeededSegments } from './needed-segments.js';
import type { RefusedKeeper } from './refused-keeper.js';
import type { Replay } from './replay.js';
import type { SegmentRemover } from './segment-remover.js';
import type { Store } from './store.js';

/** What tidying up works with. */
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
 * Hands on all that is kept, and removes what is not needed on the disk. What it cannot do, it reports.
 * @param path of the cache, for the report
 * @param signal gives up waiting for the disk
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

/** @returns whether all was done. Rejects with the signal's reason */
async function storeAndRemove(parts: TidyingParts, signal: AbortSignal): Promise<boolean> {
  const { store, contents, commit, leftovers, replay, remover } = parts;
  const isStored = () => store.storedKey >= store.lastKey;
  const isSettled = () =>
    isStored() && store.segments.every(({ id, isSealed }) => isSealed || contents.isNeeded(id));
  commit.now();
  // Before, nobody knows what is older than what.
  await store.until(() => store.isRead || store.isUseless, signal);
  leftovers.append();
  // Only then is it known which segment it is in.
  if (!(await untilStored(store, isStored, signal))) return false;
  await within(replay.keepRest(), signal).finally(() => leftovers.append());
  if (!(await untilStored(store, isSettled, signal))) return false;
  const needless = store.segments.filter(({ id }) => !contents.isNeeded(id));
  await within(Promise.all(needless.map(({ id }) => remover.remove(id))), signal);
  return true;
}

/** @returns whether it is; else only the end of the store makes it take what waits */
async function untilStored(
  store: Store,
  isStored: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  store.sync();
  await store.until(() => isStored() || store.trouble !== undefined, signal);
  return isStored();
}

/** Waits for something no longer than a signal lets it. */
function within(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const pending = new Wait('the cache', { signal }, (reason) => pending.reject(reason));
  work.then(
    () => pending.resolve(),
    (error) => pending.reject(error),
  );
  return pending.promise;
}
