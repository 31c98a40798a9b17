import type { Sender } from './sender.js';

/** What stands between ingesters and indexers. */
export interface Middle {
  /** What sends to the indexers. */
  readonly sender: Sender;
  /** Flags of ingesters, which say where entries go. */
  readonly to: readonly string[];
  /**
   * Has it send what it has, and end.
   * @returns exit statuses, by hosts
   */
  end(): Promise<ExitStatuses>;
  /** Whether all that comes twice is counted by who sends to the indexers, and by the ingesters. */
  readonly countsRepeats: boolean;
  /** Starts its server again, where it has one of its own. */
  restartServer?(): Promise<void>;
}

/** Exit statuses of programs, with the names of their hosts; `null`: a signal ended it. */
export type ExitStatuses = readonly (readonly [host: string, status: number | null])[];
