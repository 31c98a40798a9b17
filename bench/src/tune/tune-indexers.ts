import { sequencePlace } from '../contents/content.js';
import type { LoadOptions } from '../load/load-options.js';
import { IndexerChild } from '../shared/indexer-child.js';
import type { RoundFigures } from './round-messages.js';

/** How slow embedded indexers are on purpose, and how many there are. */
export interface Embedded {
  readonly indexers: number;
  /** Milliseconds by which their confirmations leave later. */
  readonly ackDelayMs: number;
  /** Bytes that they read a second from each connection; 0: as many as they can. */
  readonly readRate: number;
}

/** Where rounds go, and what is known there of what has arrived. */
export interface TuneIndexers {
  readonly options: Pick<LoadOptions, 'targets' | 'tlsCa'>;
  /** Before a round. */
  begin(): Promise<void>;
  /** After a round. @throws {LostEntriesError} something is lost or twice */
  check(figures: RoundFigures): Promise<void>;
  stop(): Promise<void>;
}

/** A round has lost entries, or something arrived that it had not written: nothing can be recommended. */
export class LostEntriesError extends Error {
  readonly code = 'LOST_ENTRIES';

  constructor(problem: string) {
    super(`a round was not whole, so that nothing can be recommended: ${problem}`);
    this.name = 'LostEntriesError';
  }
}

/** Indexers of others. What they have confirmed is taken for what has arrived. */
export function otherIndexers(options: LoadOptions): TuneIndexers {
  return {
    options,
    begin: async () => {},
    check: async ({ entries, lost }) => checkConfirmed(entries, lost),
    stop: async () => {},
  };
}

/** Starts indexers, each in a process of its own, that keep account of each round. */
export async function embeddedIndexers(
  { indexers: count, ackDelayMs, readRate }: Embedded,
  load: LoadOptions,
): Promise<TuneIndexers> {
  const { secret, content, entryBytes, transport, tenant } = load;
  const tally = sequencePlace(content, entryBytes);
  const indexers: IndexerChild[] = [];
  const stop = async () => {
    await Promise.all(indexers.map((indexer) => indexer.stop()));
  };
  try {
    for (let i = 0; i < count; i++) {
      const indexer = await IndexerChild.start({
        ...{ secret, tally, digest: false, ackDelay: ackDelayMs, transports: [transport] },
        ...(tenant === undefined ? {} : { tenants: [tenant] }),
      });
      indexers.push(indexer);
      await indexer.throttle(readRate);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const authorities = indexers.flatMap(({ ca }) => ca ?? []);
  return {
    options: {
      targets: indexers.map(({ address }) => address),
      tlsCa: authorities.length > 0 ? authorities.join('\n') : load.tlsCa,
    },
    begin: async () => {
      await Promise.all(indexers.map((indexer) => indexer.clear()));
    },
    check: async ({ entries, lost, resent }) => {
      checkConfirmed(entries, lost);
      const reports = await Promise.all(indexers.map((indexer) => indexer.report(entries)));
      const sum = (what: 'received' | 'duplicated' | 'foreign') =>
        reports.reduce((all, report) => all + report[what], 0);
      checkArrived({
        ...{ entries, resent, received: sum('received') },
        ...{ duplicated: sum('duplicated'), foreign: sum('foreign') },
      });
    },
    stop,
  };
}

function checkConfirmed(entries: number, lost: number): void {
  if (lost !== 0) throw new LostEntriesError(`${lost} of ${entries} entries were not confirmed`);
}

interface Arrived {
  readonly entries: number;
  readonly resent: number;
  readonly received: number;
  readonly duplicated: number;
  readonly foreign: number;
}

/** What was sent again may have arrived at two indexers, so that only the least is known then. */
export function checkArrived(arrived: Arrived): void {
  const { entries, resent, received, duplicated, foreign } = arrived;
  const once = received - duplicated - foreign;
  const isWhole = once >= entries && once - entries + duplicated <= resent && foreign === 0;
  if (isWhole) return;
  throw new LostEntriesError(
    `of ${entries} entries ${once} arrived, ${duplicated} more often, ${foreign} that were not ` +
      `written; ${resent} were sent again`,
  );
}
