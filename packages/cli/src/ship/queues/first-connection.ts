import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, UsageError } from '../../errors.js';

/** Who waits for a connection. */
export interface ConnectHost {
  readonly say: (line: string) => void;
  /** Ends the waiting for the first connection. */
  readonly signal: AbortSignal;
  /** Milliseconds to wait for it; `undefined`: without a limit. */
  readonly timeoutMs: number | undefined;
  /** From 0 to 1: many processes try again at different times. Default: `Math.random`. */
  readonly random?: () => number;
}

/** How long to wait between two attempts, in milliseconds, about: half of it, to half as much again. */
export const RETRY_MS = 1000;

/** What the system says of a server that is away, and may come. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** Whether an error is about a server that may be there later. */
export function isAway(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  const { code: inner } = Object(cause) as NodeJS.ErrnoException;
  return AWAY.has(code ?? inner ?? '');
}

/**
 * Opens what needs servers, and waits while they are away.
 * @param name the servers, for people
 * @param open connects and asks what has to be known; it leaves nothing open when it fails
 * @param mayCome whether an error is about a server that may be there later
 * @throws {UsageError} a file cannot be read, or a flag cannot be used
 * @throws {CommandError} the servers refuse it, or none came in time
 * @throws the reason of the signal
 */
export async function firstConnection<Opened>(
  name: string,
  open: () => Promise<Opened>,
  mayCome: (error: unknown) => boolean,
  { say, signal, timeoutMs = Number.POSITIVE_INFINITY, random = Math.random }: ConnectHost,
): Promise<Opened> {
  const end = performance.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UsageError || error instanceof CommandError) throw error;
      const { message } = error as Error;
      if (!mayCome(error) || performance.now() > end) {
        throw new CommandError(`${name}: ${message}`, { cause: error });
      }
      if (attempt === 1) say(`ringest: ${name}: ${message}: waiting for it`);
    }
    await sleep(RETRY_MS * (0.5 + random()), undefined, { signal }).catch(() => {});
  }
}
