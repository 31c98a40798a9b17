import type { Sender } from './sender.js';

/** What stands between ingesters and indexers. */
export interface Middle {
  /** What sends to the indexers. */
  readonly sender: Sender;
  /** Flags of ingesters, which say where entries go. */
  readonly to: readonly string[];
  /**
   * Has it send what it has, and end.
   * @returns exit statuses
   */
  end(): Promise<(number | null)[]>;
}
