import type { AckLatency, CompressionName } from '@ringest/core';
import type { FaultReport } from '../chaos/chaos.js';
import type { CacheReport } from './cache-report.js';
import type { DistributionPoint, LatencyReport } from './latency-log.js';
import type { KnownAccount } from './load-account.js';
import { accountRows, cacheRows, count, formatRows, type Row } from './report-rows.js';
import type { Verdict } from './requirements.js';

/** The outcome of a load; what is `undefined` could not be known. */
export interface LoadReport {
  readonly entries: number;
  /** Bytes of data. */
  readonly bytes: number;
  /** From the first write to the end of `sync`. */
  readonly seconds: number;
  readonly entriesPerSecond: number;
  readonly megabytesPerSecond: number;
  /** What the connections ran on: `tcp`, `tls`, `pipe`. */
  readonly transports: readonly string[];
  readonly compressionAsked: CompressionName;
  /**
   * As the indexers agreed to it, by the connections that there are at the end: `mixed` if not all
   * did, `unknown` if there is none.
   */
  readonly compression: CompressionName | 'mixed' | 'unknown';
  /** Bytes handed to sockets: frames and handshakes, compressed, before TLS. */
  readonly wireBytes: number;
  /** Processor time of this process, all its threads, over the same span. */
  readonly cpuSeconds: number;
  readonly maxRssBytes: number;
  /** From the moment a batch was sent to its confirmation. */
  readonly ackLatencyMs: AckLatency;
  /** With a pace: from the moment an entry was due to its confirmation. */
  readonly latencyMs?: LatencyReport;
  /** With a pace: from the moment an entry was due until it was written. */
  readonly writtenLateMs?: LatencyReport;
  /** With a pace: both of them by percentiles. */
  readonly distributionMs?: readonly DistributionPoint[];
  /** What was required, and whether it held. */
  readonly requirements?: readonly Verdict[];
  readonly lanes: readonly {
    readonly target: string;
    /** Confirmed on it. */
    readonly entries: number;
    readonly reconnects: number;
    /** As it was agreed; `undefined` when it is not connected at the end. */
    readonly compression?: CompressionName;
  }[];
  /**
   * Entries that did not arrive, by the account of the embedded indexer; by the word of others,
   * entries that were accepted and that none of them has confirmed.
   */
  readonly lost: number;
  /** Entries sent again after a connection was lost: so many at most arrived more than once. */
  readonly resent: number;
  /** Entries that arrived, each time they did. */
  readonly received?: number;
  readonly duplicated?: number;
  /** Entries that arrived but were never sent. */
  readonly foreign?: number;
  /** Entries that arrived, by the name of their tag. */
  readonly tags?: Readonly<Record<string, number>>;
  /** Entries that arrived, by the tenant whose they are; those of no tenant are left out. */
  readonly tenants?: Readonly<Record<string, number>>;
  /** Of what arrived, as far as that is known, else of what was sent. */
  readonly digest?: string;
  /** Whether what arrived is what was sent, to the byte. */
  readonly digestMatches?: boolean;
  readonly cache?: CacheReport;
  /** What was done to embedded indexers, in order. */
  readonly faults?: readonly FaultReport[];
}

/** How it went when compression was asked for. */
const COMPRESSED: Readonly<Record<LoadReport['compression'], string>> = {
  snappy: 'with snappy',
  none: 'without compression, which was refused',
  mixed: 'with snappy, which was refused on some lanes',
  unknown: 'with snappy where it was agreed to',
};

/** Whether nothing is known to be lost or altered, and everything holds that was required. */
export function isSound(
  report: KnownAccount & { readonly requirements?: readonly Verdict[] },
): boolean {
  const { lost, foreign, digestMatches, requirements = [] } = report;
  const isWhole = lost === 0 && !foreign && digestMatches !== false;
  return isWhole && requirements.every(({ isMet }) => isMet);
}

/** The report for people. */
export function formatReport(report: LoadReport): string {
  return formatRows(loadRows(report));
}

/** What the report for people says. */
export function loadRows(report: LoadReport): Row[] {
  const { ackLatencyMs: ack } = report;
  const { cpuSeconds, entries } = report;
  const perMillion = (cpuSeconds / entries) * 1e6;
  const each = entries === 0 ? '' : `, ${perMillion.toFixed(2)} s per million entries`;
  const rows: Row[] = [
    ['entries', `${count(report.entries)} in ${report.seconds.toFixed(2)} s, all confirmed`],
    [
      'throughput',
      `${count(report.entriesPerSecond)} entries/s, ${report.megabytesPerSecond.toFixed(1)} MB/s`,
    ],
    ['wire', wire(report)],
    ['processor', `${cpuSeconds.toFixed(2)} s${each}`],
    ['memory', `${(report.maxRssBytes / 2 ** 20).toFixed(0)} MiB at most`],
    [
      'ack latency',
      `p50 ${ms(ack.p50)}, p90 ${ms(ack.p90)}, p99 ${ms(ack.p99)}, max ${ms(ack.max)}`,
    ],
    ...latencyRows(report),
    ...report.lanes.map(
      (lane): Row => [
        'lane',
        `${lane.target}: ${count(lane.entries)} entries, ${lane.reconnects} reconnects`,
      ],
    ),
  ];
  if (report.cache !== undefined) rows.push(...cacheRows(report.cache));
  rows.push(...faultRows(report), ...accountRows(report));
  for (const { requirement, value, isMet } of report.requirements ?? []) {
    const was = requirement.startsWith('rate') ? `${count(value)} a second` : ms(value);
    rows.push(['required', `${requirement}: ${isMet ? 'held' : 'NOT MET'}, it was ${was}`]);
  }
  return rows;
}

function faultRows({ faults = [] }: LoadReport): Row[] {
  return faults.map(({ atMs, target, fault, forMs }) => [
    'fault',
    `${(atMs / 1000).toFixed(2)} s: ${target}: ${fault} for ${(forMs / 1000).toFixed(2)} s`,
  ]);
}

function latencyRows({ latencyMs, writtenLateMs: late }: LoadReport): Row[] {
  if (latencyMs === undefined || late === undefined) return [];
  const { p50, p90, p99, p999, p9999, max } = latencyMs;
  return [
    [
      'latency',
      `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, ` +
        `p99.99 ${ms(p9999)}, max ${ms(max)}`,
    ],
    ['lateness', `of writes p50 ${ms(late.p50)}, p99 ${ms(late.p99)}, max ${ms(late.max)}`],
  ];
}

function wire({ transports, compressionAsked, compression, wireBytes, bytes }: LoadReport): string {
  const over = `${(wireBytes / 1e6).toFixed(1)} MB over ${transports.join(', ')}`;
  const sealed = transports.includes('tls') ? ', before what TLS adds' : '';
  if (compressionAsked === 'none') return `${over}${sealed}`;
  const share = `${((wireBytes / bytes) * 100).toFixed(1)}% of the data`;
  return `${over} ${COMPRESSED[compression]}, ${share}${sealed}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
