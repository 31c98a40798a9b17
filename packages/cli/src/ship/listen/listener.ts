import type { EntryAccount } from '../entries/entry-account.js';
import type { EntryStreams } from '../entries/entry-streams.js';
import type { Credentials } from './credentials.js';
import type { ListenAccount } from './listen-account.js';
import type { ListenLimits } from './listen-options.js';

/** What takes entries from a socket. */
export interface Listener {
  /** Where it listens, such as `tcp://127.0.0.1:5140`. */
  readonly address: string;
  /** Uses other credentials for what comes from now on, if it needs any. */
  renew?(credentials: Credentials): void;
  /** Takes nothing more, and resolves once what was taken is written. */
  close(): Promise<void>;
}

/** What listeners write to. */
export interface ListenHost {
  readonly streams: EntryStreams;
  readonly account: EntryAccount;
  readonly listening: ListenAccount;
  readonly limits: ListenLimits;
  /** Resolves once all that was written before is confirmed, or on disk. */
  readonly confirmed: () => Promise<void>;
  readonly say: (line: string) => void;
  /** Nothing can be written any more. */
  readonly failed: (error: Error) => void;
}

/** The text of an address, with brackets around IPv6. */
export function addressText(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The address of a sender: one of IPv4 that came over IPv6 is the one of IPv4. */
export function senderOf(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}
