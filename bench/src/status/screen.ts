import type { LaneStats } from '@ringest/core';
import type { LoadProgress } from '../load/load-observer.js';
import { count } from '../load/report-rows.js';

/** What is shown of a load while it runs. */
export interface StatusView {
  readonly progress: LoadProgress;
  /** Entries a second just now: confirmed ones, where that is known. */
  readonly rate: number;
  /** How much of the load is done, from 0 to 1. */
  readonly done: number;
  /** The latest problems, the last one at the end. */
  readonly problems: readonly string[];
}

/** The window that a screen must fit in, in characters. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

const HINT = 'Ctrl-C ends the load, with its summary.';
const BAR = 30;
const FILL = 10;
const HEAD = ['lane', 'state', 'share', 'unconfirmed', 'ack p50', 'p99', 'reconnects'];

/** A screen that fits a window. Lanes that there is no room for are counted. */
export function formatScreen(view: StatusView, { columns, rows }: WindowSize): string {
  const { progress, problems } = view;
  const above = [bar(view), ...summary(view), ''];
  const below = ['', ...cacheLines(progress), ...problems.map((problem) => `! ${problem}`), HINT];
  const room = Math.max(rows - 1 - above.length - below.length, 2);
  const lines = [...above, ...laneLines(progress.stats?.lanes ?? [], room), ...below];
  return lines
    .slice(0, Math.max(rows - 1, 1))
    .map((line) => line.slice(0, Math.max(columns - 1, 1)))
    .join('\n');
}

/** One line of it, for what is no terminal. */
export function formatLine({ progress, rate }: StatusView): string {
  const { entries, elapsedMs, stats, latency } = progress;
  const parts = [`${seconds(elapsedMs)}: ${count(entries)} entries, ${count(rate)}/s`];
  const p = latency ?? stats?.ackLatencyMs;
  if (p !== undefined) parts.push(`p50 ${ms(p.p50)}, p99 ${ms(p.p99)}`);
  if (stats !== undefined) parts.push(`${stats.hot} of ${stats.lanes.length} lanes hot`);
  if (stats?.cache !== undefined) parts.push(`${count(stats.cache.pendingEntries)} in the cache`);
  return parts.join(', ');
}

function bar({ progress, done }: StatusView): string {
  return `${seconds(progress.elapsedMs).padStart(8)}  ${gauge(done, BAR)}  ${percent(done)}`;
}

function summary({ progress, rate }: StatusView): string[] {
  const { entries, elapsedMs, stats, latency } = progress;
  const confirmed = stats === undefined ? '' : `, ${count(stats.confirmedEntries)} confirmed`;
  const average = (stats?.confirmedEntries ?? entries) / (elapsedMs / 1000);
  const lines = [
    `entries   ${count(entries)} written${confirmed}`,
    `rate      ${count(rate)} entries/s now, ${count(average)} on average`,
  ];
  if (latency !== undefined) {
    const { p50, p99, p9999, max } = latency;
    lines.push(
      `latency   p50 ${ms(p50)}, p99 ${ms(p99)}, p99.99 ${ms(p9999)}, max ${ms(max)}, from when due`,
    );
  }
  if (stats !== undefined) {
    const { p50, p99, max } = stats.ackLatencyMs;
    lines.push(`acks      p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)}, from when sent`);
  }
  return lines;
}

/** @param room lines that there is room for, 2 or more */
function laneLines(lanes: readonly LaneStats[], room: number): string[] {
  if (lanes.length === 0) return [];
  const all = lanes.reduce((sum, { confirmedEntries }) => sum + confirmedEntries, 0);
  const fitting = lanes.length < room ? lanes.length : room - 2;
  const cells = lanes.slice(0, fitting).map((lane) => laneCells(lane, all));
  const widths = HEAD.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => (row[i] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const others = lanes.length - fitting;
  const more = others === 0 ? [] : [`… and ${others} more lanes`];
  return [line(HEAD), ...cells.map(line), ...more];
}

function laneCells(lane: LaneStats, all: number): string[] {
  const fill = lane.unconfirmedBytes / lane.ringBytes;
  const { p50, p99 } = lane.ackLatencyMs;
  const pause = lane.balancer.throttledMs > 0 ? ', throttled' : '';
  return [
    lane.target,
    `${lane.state}${pause}`,
    percent(all === 0 ? 0 : lane.confirmedEntries / all),
    `${gauge(fill, FILL)} ${percent(fill)}`,
    ms(p50),
    ms(p99),
    `${lane.reconnects}`,
  ];
}

function cacheLines({ stats }: LoadProgress): string[] {
  const cache = stats?.cache;
  if (cache === undefined) return [];
  const { mode, bytes, pendingEntries, replayedEntries, isFull, trouble } = cache;
  const state = isFull ? ', FULL' : '';
  const lines = [
    `cache     ${mode}, ${(bytes / 1e6).toFixed(1)} MB, ${count(pendingEntries)} entries wait, ` +
      `${count(replayedEntries)} replayed${state}`,
  ];
  if (trouble !== undefined) lines.push(`! the cache: ${trouble.message}`);
  return lines;
}

/** Of so many characters, as many are full as the share says, from 0 to 1. */
function gauge(share: number, characters: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * characters);
  return `${'█'.repeat(full)}${'░'.repeat(characters - full)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
