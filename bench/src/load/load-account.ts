import { ChaosIndexers } from '../chaos/chaos.js';
import type { DigestKind } from '../contents/choices.js';
import { sequencePlace } from '../contents/content.js';
import type { EntrySource } from '../contents/entry-source.js';
import { IndexerChild } from '../shared/indexer-child.js';
import type { ArrivalReport } from '../shared/indexer-messages.js';
import type { LoadObserver } from './load-observer.js';
import type { LoadOptions } from './load-options.js';

/** What became of a load by the account of the embedded indexer. */
export interface LoadAccount extends Omit<ArrivalReport, 'digest'> {
  /** Entries that did not arrive. */
  readonly lost: number;
  /** Of what arrived; `undefined` when none was asked for. */
  readonly digest?: string;
  /** Whether what arrived is what was sent, to the byte. */
  readonly digestMatches?: boolean;
}

/** As much of it as is known of a load. */
export type KnownAccount = Partial<LoadAccount> & Pick<LoadAccount, 'lost'>;

/** Starts an embedded indexer, in a process of its own, that keeps account of a load. */
export function startIndexer(options: LoadOptions): Promise<IndexerChild> {
  const { secret, digest, transport, tenant, content, entryBytes } = options;
  const tally = sequencePlace(content, entryBytes);
  const tenants = tenant === undefined ? {} : { tenants: [tenant] };
  return IndexerChild.start({ secret, tally, digest, transports: [transport], ...tenants });
}

/** Starts the indexers to which faults come, if the load is to have any. */
export async function startChaos(
  options: LoadOptions,
  observer: LoadObserver,
): Promise<ChaosIndexers | undefined> {
  const { chaos: indexers, seed, secret, tenant, content, entryBytes } = options;
  if (indexers === undefined) return undefined;
  const place = sequencePlace(content, entryBytes);
  return ChaosIndexers.start({ indexers, seed, secret, tenant, place }, (what) =>
    observer.happened(what),
  );
}

/**
 * Compares what has arrived with what was sent: the first `entries` of the source.
 * @param kind of the digest that the indexer keeps
 */
export async function settleAccount(
  indexer: IndexerChild,
  source: EntrySource,
  entries: number,
  kind: DigestKind | false,
): Promise<LoadAccount> {
  const { digest: arrivedDigest, ...arrived } = await indexer.report(entries);
  const lost = entries - (arrived.received - arrived.duplicated - arrived.foreign);
  if (kind === false || arrivedDigest === undefined) return { ...arrived, lost };
  const digestMatches = arrivedDigest === source.digest(kind, entries);
  return { ...arrived, lost, digest: arrivedDigest, digestMatches };
}
