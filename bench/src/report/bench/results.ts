import type { BalanceReport } from '../../balance/balance.js';
import type { FleetRow } from '../../balance/fleet/fleet-case.js';
import type { SimulationRow } from '../../balance/simulation.js';
import type { CacheRow } from '../../measurements/cache-bench.js';
import type { CeilingRow } from '../../measurements/ceiling.js';
import type { CompressionRow } from '../../measurements/compression.js';
import type { HttpRow } from '../../measurements/http-bench.js';
import type { ProducersRow } from '../../measurements/producers.js';
import type { QueueRow } from '../../measurements/queues-bench.js';
import type { RelayRow } from '../../measurements/relay-bench.js';
import type { RingsRow } from '../../measurements/rings.js';
import type { ScalingRow } from '../../measurements/scaling.js';
import type { StreamsRow } from '../../measurements/streams-bench.js';
import type { ThreadsRow } from '../../measurements/threads.js';
import type { TimesRow } from '../../measurements/times-bench.js';
import type { TransportsRow } from '../../measurements/transports.js';

/** What each benchmark has as its result, by its name. */
export interface BenchResults {
  readonly ceiling: { readonly sizes: readonly CeilingRow[] };
  readonly threads: { readonly sizes: readonly ThreadsRow[] };
  readonly producers: { readonly rows: readonly ProducersRow[] };
  readonly queues: { readonly rows: readonly QueueRow[] };
  readonly relay: { readonly sizes: readonly RelayRow[] };
  readonly rings: { readonly rows: readonly RingsRow[] };
  readonly scaling: { readonly rows: readonly ScalingRow[] };
  readonly streams: { readonly sizes: readonly StreamsRow[] };
  readonly http: { readonly rows: readonly HttpRow[] };
  readonly compression: { readonly rows: readonly CompressionRow[] };
  readonly transports: { readonly sizes: readonly TransportsRow[] };
  readonly cache: { readonly sizes: readonly CacheRow[] };
  readonly times: { readonly rows: readonly TimesRow[] };
  readonly balance: BalanceReport;
  readonly simulation: { readonly seed: number; readonly rows: readonly SimulationRow[] };
  readonly fleet: { readonly seed: number; readonly rows: readonly FleetRow[] };
}

export type BenchName = keyof BenchResults;
