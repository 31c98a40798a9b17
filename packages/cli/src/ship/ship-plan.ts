import { type ConfiguredInputs, configuredInputs, loadShipConfig } from './configured.js';
import type { EntryOptions } from './entries/entry-streams.js';
import { EntryTimes } from './entries/entry-times.js';
import { loadProcess } from './entries/process-hook.js';
import { readState } from './follow/follow-state.js';
import type { FollowOptions } from './follow/follower.js';
import { findInputs } from './inputs.js';
import { readCredentials } from './listen/credentials.js';
import type { QueueChoice } from './queues/queue.js';
import type { ShipOptions } from './ship-options.js';

/** What a `ship` reads, follows and listens to, by its flags and its configuration file. */
export interface ShipPlan extends Pick<ConfiguredInputs, 'followed' | 'listened'> {
  /** Files that are read to their ends; `-` is standard input. */
  readonly read: readonly string[];
  /** How entries are made of those. */
  readonly entries: EntryOptions;
  /** The same by the flags alone. */
  readonly given: EntryOptions;
  readonly follow: Omit<FollowOptions, 'inputs'>;
  readonly queues: readonly QueueChoice[];
}

const NOTHING: ConfiguredInputs = {
  followed: new Map(),
  listened: [],
  statePath: undefined,
  timeFormats: [],
};

/**
 * Finds what is to be shipped. Without any input, it is standard input.
 * @param given how entries are made by the flags, if they are known: a module is loaded once
 * @throws what cannot be used: a flag, a file, or the configuration
 */
export async function planOf(options: ShipOptions, given?: EntryOptions): Promise<ShipPlan> {
  const { inputs, config, follow, listen, queues } = options;
  given ??= await withProcess(options);
  const own = config && configuredInputs(loadShipConfig(config), given, listen);
  const { followed, listened, statePath, timeFormats } = own || NOTHING;
  const entries = withFormats(given, timeFormats);
  const isListening = listen.listeners.length > 0;
  const hasOthers = isListening || followed.size > 0 || listened.length > 0 || queues.length > 0;
  const plan: ShipPlan = {
    read: follow.isOn || (inputs.length === 0 && hasOthers) ? [] : await findInputs(inputs),
    entries,
    given,
    queues,
    followed: new Map([
      ...followed,
      ...(follow.isOn ? inputs.map((input) => [input, entries] as const) : []),
    ]),
    follow: { ...follow, statePath: follow.statePath ?? statePath },
    listened: [...(isListening ? [{ listen, entries }] : []), ...listened],
  };
  // What cannot be used throws here, and not once something is read.
  for (const { times } of [entries, ...followed.values(), ...listened.map((one) => one.entries)]) {
    if (times !== undefined) new EntryTimes(times);
  }
  for (const { listen } of plan.listened) readCredentials(listen);
  if (plan.followed.size > 0 && plan.follow.statePath !== undefined) {
    readState(plan.follow.statePath);
  }
  return plan;
}

async function withProcess({ entries, process: path }: ShipOptions): Promise<EntryOptions> {
  if (path === undefined) return entries;
  return { ...entries, steps: [...entries.steps, await loadProcess(path)] };
}

function withFormats(
  entries: EntryOptions,
  customFormats: ConfiguredInputs['timeFormats'],
): EntryOptions {
  return entries.times === undefined
    ? entries
    : { ...entries, times: { ...entries.times, customFormats } };
}
