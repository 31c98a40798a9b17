import type { IngestMuxer, LaneStats, MuxerStats } from '@ringest/core';
import { type Health, health } from './health.js';

/** Names and values of labels. */
export type Labels = Readonly<Record<string, string>>;

/** What all metrics of one scrape are read from. */
export interface Snapshot {
  readonly stats: MuxerStats;
  readonly health: Health;
  readonly lanes: readonly { readonly labels: Labels; readonly stats: LaneStats }[];
}

/** Takes one snapshot for all metrics of an event-loop turn. */
export class Snapshots {
  readonly #muxer: IngestMuxer;
  #latest: Snapshot | undefined;

  constructor(muxer: IngestMuxer) {
    this.#muxer = muxer;
  }

  take(): Snapshot {
    if (this.#latest === undefined) {
      const stats = this.#muxer.stats();
      this.#latest = { stats, health: health(this.#muxer), lanes: labelled(stats.lanes) };
      setImmediate(() => {
        this.#latest = undefined;
      });
    }
    return this.#latest;
  }
}

/** Lanes with the address of their target, and their number among its lanes, from 0. */
function labelled(lanes: readonly LaneStats[]): Snapshot['lanes'] {
  const counts = new Map<string, number>();
  return lanes.map((stats) => {
    const { target } = stats;
    const number = counts.get(target) ?? 0;
    counts.set(target, number + 1);
    return { labels: { target, lane: `${number}` }, stats };
  });
}
