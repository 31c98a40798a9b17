import type { CacheChoice, TargetChoice } from '@ringest/flags';
import type { EntryOptions } from './entries/entry-streams.js';
import type { FollowOptions } from './follow/follower.js';
import type { ListenOptions } from './listen/listen-options.js';
import type { OutputChoice } from './queues/publisher.js';
import type { QueueChoice } from './queues/queue.js';

/** What `ringest ship` is to do; see its flags. */
export interface ShipOptions {
  /** Files and patterns of files; `-` is standard input. */
  readonly inputs: readonly string[];
  readonly follow: FollowChoice;
  readonly listen: ListenOptions;
  readonly queues: readonly QueueChoice[];
  /** The path of a configuration file; what flags say wins over it. */
  readonly config: string | undefined;
  readonly targets: TargetChoice;
  /** Where entries go instead; `undefined`: to the targets. */
  readonly to: OutputChoice | undefined;
  readonly cache: CacheChoice | undefined;
  readonly entries: EntryOptions;
  /** The path of a module whose function gets each entry. */
  readonly process: string | undefined;
  /** Values that are attached to every entry, by name. */
  readonly attach: Readonly<Record<string, string>>;
  /** Milliseconds to get everything confirmed after a signal. */
  readonly graceMs: number;
  /** Milliseconds to go on while nothing is confirmed; `undefined`: without a limit. */
  readonly timeoutMs: number | undefined;
  readonly json: boolean;
  /** The path of the socket for `ringest status`; `undefined`: one where it looks. */
  readonly statusSocket: string | undefined;
}

/** How files are followed; see the flags. */
export interface FollowChoice extends Omit<FollowOptions, 'inputs'> {
  /** Whether the inputs of the command line are followed; else they are read to their ends. */
  readonly isOn: boolean;
}
