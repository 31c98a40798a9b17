import type { AckLatency } from '@ringest/core';

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
  readonly compression: 'none' | 'snappy';
  /** Bytes handed to sockets: frames and handshakes, compressed, before TLS. */
  readonly wireBytes: number;
  /** Processor time of this process, all its threads, over the same span. */
  readonly cpuSeconds: number;
  readonly maxRssBytes: number;
  readonly ackLatencyMs: AckLatency;
  readonly lanes: readonly {
    readonly target: string;
    /** Confirmed on it. */
    readonly entries: number;
    readonly reconnects: number;
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
  /** Of what arrived, as far as that is known, else of what was sent. */
  readonly digest?: string;
  /** Whether what arrived is what was sent, to the byte. */
  readonly digestMatches?: boolean;
}

/** Whether nothing is known to be lost or altered. */
export function isSound(report: LoadReport): boolean {
  return report.lost === 0 && !report.foreign && report.digestMatches !== false;
}

/** The report for people. */
export function formatReport(report: LoadReport): string {
  const { ackLatencyMs: ack } = report;
  const perMillion = (report.cpuSeconds / report.entries) * 1e6;
  const rows: [string, string][] = [
    ['entries', `${count(report.entries)} in ${report.seconds.toFixed(2)} s, all confirmed`],
    [
      'throughput',
      `${count(report.entriesPerSecond)} entries/s, ${report.megabytesPerSecond.toFixed(1)} MB/s`,
    ],
    ['wire', wire(report)],
    [
      'processor',
      `${report.cpuSeconds.toFixed(2)} s, ${perMillion.toFixed(2)} s per million entries`,
    ],
    ['memory', `${(report.maxRssBytes / 2 ** 20).toFixed(0)} MiB at most`],
    [
      'ack latency',
      `p50 ${ms(ack.p50)}, p90 ${ms(ack.p90)}, p99 ${ms(ack.p99)}, max ${ms(ack.max)}`,
    ],
    ...report.lanes.map((lane): [string, string] => [
      'lane',
      `${lane.target}: ${count(lane.entries)} entries, ${lane.reconnects} reconnects`,
    ]),
  ];
  if (report.received !== undefined) rows.push(['received', count(report.received)]);
  rows.push(['lost', count(report.lost)], ['resent', count(report.resent)]);
  if (report.duplicated !== undefined) rows.push(['duplicated', count(report.duplicated)]);
  if (report.foreign) rows.push(['foreign', count(report.foreign)]);
  if (report.digest !== undefined) {
    const verdicts = { true: ' (equal)', false: ' (DIFFERENT)', undefined: ' of what was sent' };
    rows.push(['digest', `${report.digest}${verdicts[`${report.digestMatches}`]}`]);
  }
  return rows.map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`).join('\n');
}

function wire({ transports, compression, wireBytes, bytes }: LoadReport): string {
  const over = `${(wireBytes / 1e6).toFixed(1)} MB over ${transports.join(', ')}`;
  if (compression === 'none') return over;
  return `${over} with ${compression}, ${((wireBytes / bytes) * 100).toFixed(1)}% of the data`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
