import type { UnixTime } from '@ringest/codec';

/** What `ringest cat` is to do; see its flags. */
export interface CatOptions {
  /** The folder of a store, an address to listen on, or the word `indexer`. */
  readonly what: string;
  readonly tag?: readonly string[] | undefined;
  readonly from?: UnixTime | undefined;
  readonly to?: UnixTime | undefined;
  readonly match?: RegExp | undefined;
  readonly follow: boolean;
  readonly json: boolean;
  readonly long: boolean;
  readonly count: boolean;
  readonly ingestSecret?: string | undefined;
  readonly ingestSecretFile?: string | undefined;
}
