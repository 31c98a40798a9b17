import type { EnumeratedScalar, TimestampInput } from '@ringest/core';

/** An entry before it is written. What makes and changes it may set every field. */
export interface Draft {
  data: Uint8Array | string;
  /** The name of its tag. */
  tag: string;
  /** `undefined`: the time that is found in its data, else the present. */
  timestamp: TimestampInput | undefined;
  /** An address; `undefined`: that of the connection. */
  source: string | undefined;
  /** Enumerated values by their names. */
  values: Record<string, EnumeratedScalar>;
}

/** Changes an entry, makes several of it, or drops it. */
export type Step = (draft: Draft) => Draft | readonly Draft[] | undefined;
