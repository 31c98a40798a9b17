import type { LaneRing } from '@ringest/workers';

/** A ring that entries are placed in, as placing sees it: the ring of a lane, or that of a producer. */
export interface Outlet extends LaneRing {
  /** Where its entries go. Two outlets to the same place have the same object. */
  readonly endpoint: object;
  /** Whether what enters the ring is taken out soon. */
  readonly isHot: boolean;
  /** Why nothing will be taken out any more; `undefined`: it will. */
  readonly fatalError: Error | undefined;
  /** Whether any tag is refused. */
  readonly refusesAny: boolean;
  refuses(tag: number): boolean;
  /** Asks for confirmation of what is committed. */
  flush(): void;
}
