import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../errors.js';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { Output } from '../output.js';
import { askStatus } from './status-client.js';
import { findSockets, pidOf, removeSocket } from './status-folder.js';
import type { StatusReply } from './status-reply.js';
import { isHealthy, statusText } from './status-text.js';

/** What `ringest status` is to do; see its flags. */
export interface StatusOptions {
  /** The path of a socket; `undefined`: those that can be found. */
  readonly socket: string | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

const WATCH_MS = 1000;

/** Prints the status of running commands, once or each second. */
export async function showStatus(options: StatusOptions): Promise<ExitStatus> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const output = new Output();
  const over = AbortSignal.any([stopping.signal, output.stopped]);
  if (options.watch) process.once('SIGINT', stop).once('SIGTERM', stop);
  for (;;) {
    const replies = await askAll(options.socket);
    for (const reply of replies) output.add(Buffer.from(textOf(reply, options)));
    await output.flush();
    if (!options.watch) return replies.every(isHealthy) ? EXIT.done : EXIT.incomplete;
    await sleep(WATCH_MS, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return EXIT.done;
  }
}

async function askAll(socket: string | undefined): Promise<StatusReply[]> {
  if (socket !== undefined) return [await askStatus(socket)];
  const found = await Promise.allSettled(findSockets(process.env).map(askOrTidy));
  const replies = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (replies.length > 0) return replies;
  throw new CommandError('no ringest ship or relay of this user answers: is one running?');
}

/** Asks on a socket, and removes it if a process has left it that is gone. */
async function askOrTidy(path: string): Promise<StatusReply> {
  try {
    return await askStatus(path);
  } catch (error) {
    if (isLeft(path, error)) removeSocket(path);
    throw error;
  }
}

function isLeft(path: string, error: unknown): boolean {
  const { code } = Object((error as Error).cause) as NodeJS.ErrnoException;
  if (code !== 'ECONNREFUSED') return false;
  try {
    process.kill(pidOf(path), 0);
    return false;
  } catch (gone) {
    return (gone as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function textOf(reply: StatusReply, { json }: StatusOptions): string {
  return json ? `${JSON.stringify(reply)}\n` : statusText(reply);
}
