import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a `ringest ship` or a `ringest relay` says of itself, as far as it is read here: see `StatusReply` of the command. */
export interface RingestStatus {
  /** Entries since the start, as all counts here. */
  readonly confirmed: number;
  readonly lanes: readonly {
    readonly state: string;
    readonly resentEntries: number;
    readonly reconnects: number;
    readonly lastError: string | null;
  }[];
  readonly cache: {
    readonly pendingEntries: number;
    readonly recoveredEntries: number;
    readonly trouble: string | null;
  } | null;
  readonly queues: readonly { readonly pulled: number }[];
}

/**
 * Asks a process for its status.
 * @param path of its `--status-socket`
 * @param limitMs milliseconds without an answer: one that stands still never answers
 * @throws there is no answer: it does not listen yet, has ended, or stands still
 */
export async function askStatus(path: string, limitMs: number): Promise<RingestStatus> {
  const socket = connect(path);
  socket.setTimeout(limitMs, () => socket.destroy(new Error('there is no answer')));
  return JSON.parse(await text(socket)) as RingestStatus;
}
