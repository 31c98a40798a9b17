import type { MuxerConfiguration } from '@ringest/core';
import type { IndexerTls } from '@ringest/indexer';
import type { Logger } from 'pino';
import { RelayOptionError } from './errors.js';
import { TagFilter } from './tag-filter.js';

/** Where a relay listens, and for whom. */
export interface RelayListener {
  /** Its name, in logs and statistics. Each listener has another one. */
  readonly name: string;
  /**
   * One or more addresses: `tcp://host:port`, `tls://host:port` or `pipe:///path`. Port 0 chooses a free port. An
   * address without a scheme is `tls` if `tls` is given, otherwise `tcp`.
   */
  readonly listen: string | readonly string[];
  /** The certificate and the key for `tls://` addresses. Default: none. */
  readonly tls?: IndexerTls | undefined;
  /** The secret that its ingesters must have. Only its hash is kept. */
  readonly secret: string;
  /**
   * The tags that its ingesters may have (§7): names, and patterns in which each `*` stands for any characters. The
   * tag `gravwell` is always allowed. Default: any tag.
   */
  readonly tags?: readonly string[] | undefined;
  /**
   * The most tags that its ingesters may add to those of the muxers, since the start. A muxer has 65535 tags for all
   * listeners, and keeps them; tags that it has already cost nothing. A further request is refused. Default: 4096.
   */
  readonly maxTags?: number | undefined;
  /**
   * The tenants that its ingesters may name (§3): their entries are sent on for the same tenant. Ingesters
   * without a tenant are refused then. Default: none, and an ingester that names one is refused.
   */
  readonly tenants?: readonly string[] | undefined;
  /** The most connections that may be unauthenticated at the same time. Default: 128. */
  readonly maxUnauthenticated?: number | undefined;
}

/** The options of a `Relay`. */
export interface RelayOptions {
  /** Where it listens. */
  readonly listeners: readonly RelayListener[];
  /**
   * How it sends on: the configuration of its muxers. There is one for ingesters without a tenant, if any
   * listener takes them, and one for each tenant that listeners name, with the `tenant` of that, and its cache in
   * a folder below. With the cache mode `journal`, an ingester gets its confirmations when entries are stored there;
   * otherwise when indexers have confirmed them. `attach`, `sourceOverride` and `timestampWindow` are refused:
   * entries are sent on as they are.
   */
  readonly muxer: MuxerConfiguration;
  /** The most bytes of frames in a ditto block (§10); a larger one is refused. Default: 64 MiB. */
  readonly maxDittoBytes?: number | undefined;
  /** The pino logger of the relay, and of its muxers unless `muxer` has one. Default: none. */
  readonly logger?: Logger | undefined;
}

const DEFAULT_MAX_TAGS = 4096;

const DEFAULT_DITTO_BYTES = 64 * 1024 * 1024;

/** A listener whose tags are checked. The rest is checked by what listens. */
export interface CheckedListener extends RelayListener {
  readonly filter: TagFilter;
  readonly maxTags: number;
}

/** Options that are checked, with their defaults. */
export interface CheckedOptions {
  readonly listeners: readonly CheckedListener[];
  readonly muxer: MuxerConfiguration;
  readonly maxDittoBytes: number;
  /** The tenants of all listeners; an empty name stands for none. */
  readonly tenants: ReadonlySet<string>;
}

/** Options of a muxer that would change entries. */
const CHANGING = ['attach', 'sourceOverride', 'timestampWindow'] as const;

/** @throws {RelayOptionError} an option cannot be used */
export function checkOptions(options: RelayOptions): CheckedOptions {
  const { listeners, muxer, maxDittoBytes = DEFAULT_DITTO_BYTES } = options;
  if (!Array.isArray(listeners) || listeners.length === 0) {
    throw new RelayOptionError('listeners', 'give at least one: { name, listen, secret }');
  }
  if (!Number.isSafeInteger(maxDittoBytes) || maxDittoBytes < 1) {
    throw new RelayOptionError('maxDittoBytes', 'give a whole number of bytes, 1 or more');
  }
  checkMuxer(muxer);
  const checked = listeners.map((listener, i) => {
    const { tags, tenants, maxTags = DEFAULT_MAX_TAGS } = listener;
    const option = `listeners.${i}`;
    if (tenants?.length === 0) throw new RelayOptionError(`${option}.tenants`, 'name at least one');
    if (!Number.isSafeInteger(maxTags) || maxTags < 1) {
      throw new RelayOptionError(`${option}.maxTags`, 'give a whole number of tags, 1 or more');
    }
    return { ...listener, maxTags, filter: new TagFilter(tags, `${option}.tags`) };
  });
  const names = checked.map(({ name }) => name);
  const again = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (again !== -1) {
    const problem = `another listener has the name ${JSON.stringify(names[again])}`;
    throw new RelayOptionError(`listeners.${again}.name`, problem);
  }
  const tenants = new Set(checked.flatMap(({ tenants: own = [''] }) => own));
  return { listeners: checked, muxer, maxDittoBytes, tenants };
}

/** @throws {RelayOptionError} the configuration would change entries */
export function checkMuxer(muxer: MuxerConfiguration): void {
  const changing = CHANGING.find((field) => muxer[field] !== undefined);
  if (changing === undefined) return;
  const problem = 'a relay sends entries on as they are: leave it to the ingesters';
  throw new RelayOptionError(`muxer.${changing}`, problem);
}
