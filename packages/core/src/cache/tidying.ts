import { Pending } from '../pending.js';
import type { Store } from './store.js';

/** What tidying up needs of its surroundings. */
export interface TidyingSurroundings {
  /** Hands on all that is gathered. */
  handOn(): void;
  /** Hands on what was under way to indexers: it is known now where the next run has to read it. */
  appendLeftovers(): void;
  /** Gives back what is left of segments of which some is in rings: it becomes leftovers. */
  keepRest(): Promise<void>;
  /** Whether a segment has what no lane has got, or what cannot be sent. */
  isNeeded(segment: number): boolean;
  remove(segment: number): Promise<void>;
}

/**
 * Stores all that is kept, and then removes what is not needed on the disk.
 * @returns whether it could. Rejects with the signal's reason
 */
export async function tidyUp(
  store: Store,
  around: TidyingSurroundings,
  signal: AbortSignal,
): Promise<boolean> {
  const isStored = () => store.storedKey >= store.lastKey;
  const isSettled = () =>
    isStored() && store.segments.every(({ id, isSealed }) => isSealed || around.isNeeded(id));
  around.handOn();
  // Before, nobody knows what is older than what.
  await store.until(() => store.isOpen || store.isUseless, signal);
  around.appendLeftovers();
  // Only then is it known which segment it is in.
  if (!(await untilStored(store, isStored, signal))) return false;
  await within(around.keepRest(), signal).finally(() => around.appendLeftovers());
  if (!(await untilStored(store, isSettled, signal))) return false;
  const needless = store.segments.filter(({ id }) => !around.isNeeded(id));
  await within(Promise.all(needless.map(({ id }) => around.remove(id))), signal);
  return true;
}

/** @returns whether it is; else only the end of the store makes it take what waits */
async function untilStored(
  store: Store,
  isStored: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  store.limit(false);
  store.sync();
  await store.until(() => isStored() || store.trouble !== undefined, signal);
  return isStored();
}

/** Waits for something no longer than a signal lets it. */
function within(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const pending = new Pending('the cache', { signal }, (reason) => pending.reject(reason));
  work.then(
    () => pending.resolve(),
    (error) => pending.reject(error),
  );
  return pending.promise;
}
