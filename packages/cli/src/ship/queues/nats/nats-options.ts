import type { SubjectRule } from '@ringest/nats';

/** How NATS servers are reached, and the stream that is used there. */
export interface NatsAccess {
  /** Addresses of servers of one cluster: `nats://host:port`, or `tls://host:port`. */
  readonly servers: readonly string[];
  /** The path of a file with credentials, as `nsc` writes it. */
  readonly credsFile: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Paths of PEM files: who may vouch for servers, and the certificate to show them, with its key. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** `undefined`: whichever stores the subject. */
  readonly stream: string | undefined;
  /** Makes a stream and a consumer that are missing. */
  readonly creates: boolean;
  /** What a stream that is made is to store; none: no stream is made. */
  readonly subjects: readonly string[];
}

/** The name or the address in the address of a server, without brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** Messages of a stream that become entries. */
export interface NatsInput extends NatsAccess {
  readonly kind: 'nats';
  readonly stream: string;
  readonly consumer: string;
  /** The tags of subjects. Others have the tag of all entries. */
  readonly rules: readonly SubjectRule[];
  /** The time of an entry: in the message's `data`, when it was `stored` or came (`arrival`), or in a header. */
  readonly time: 'data' | 'stored' | 'arrival' | { readonly header: string };
  /** The header with the source; `undefined`: the source of all entries. */
  readonly sourceHeader: string | undefined;
  /** Headers that become enumerated values. */
  readonly headers: 'all' | readonly string[];
  /** Messages of `--to` become the entries that they were. */
  readonly restores: boolean;
  readonly poison: 'terminate' | 'retry';
  readonly maxDeliveries: number;
  readonly maxUnconfirmed: number;
  /** Ends once every message of the stream is acknowledged, by whichever process. */
  readonly endsWhenEmpty: boolean;
}

/** Entries that become messages of a stream. */
export interface NatsOutput extends NatsAccess {
  readonly kind: 'nats';
  /** The subject of messages; `{tag}` stands for the tag. */
  readonly subject: string;
  /** Milliseconds that the stream may take to answer, before an entry is published again. */
  readonly timeoutMs: number;
}
