import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSigned } from '../../shared/certificates.js';
import { finishAll, untilConnected } from './ending.js';
import { runFaults } from './fault-run.js';
import { planSoakFaults } from './faults.js';
import { type PartOutcome, problemsOf, type SoakOutcome } from './outcome.js';
import type { Part, StartPart } from './parts/part.js';
import { judgeGrowth } from './record/growth.js';
import { Recorder } from './record/recorder.js';
import { longestSilence } from './record/silence.js';
import { RunFolder, removeLeftovers } from './run-folder.js';
import { Scene } from './scene.js';
import { Stage } from './stage.js';

export interface HoursOptions {
  readonly hours: number;
  readonly seed: number;
  /** Entries a second of each stream. */
  readonly rate: number;
  /** A folder, which is there, for the record and for what processes print. */
  readonly out: string;
}

const HOUR_MS = 3_600_000;
/** The record has so many samples of each process at most, and one a second at most. */
const SAMPLES = 3600;
const LEAST_SAMPLE_MS = 1000;
/** A run has about 300 faults, unless they would be closer, or farther apart, than this. */
const GAPS = 600;
const [LEAST_GAP_MS, MOST_GAP_MS] = [500, 10_000];
/** How long it may take until something of everything is confirmed; and at the end, until all connections are there, and all is confirmed. */
const START_MS = 120_000;
const FINISH_MS = 180_000;
/** In a run that has failed, something may be lost that the end would wait for. */
const FINISH_FAILED_MS = 30_000;
/** Connections that were there for so long are noticed when they are lost. */
const STEADY_MS = 2000;
/** How often it is told how the run goes: so often, and at least so many milliseconds apart. */
const LINES = 100;
const LEAST_LINE_MS = 5000;

const LOOK_MS = 50;
/** Of what a process has printed that something went wrong with. */
const LAST_LINES = 20;

/** The name of the file with all samples and faults. */
export const RECORD = 'record.jsonl';

/** Who hears how a run goes, in lines for people. */
export interface Audience {
  told(line: string): void;
  /** Something is left out. */
  warned(line: string): void;
}

/** What went wrong, and with which process. */
interface Failure {
  readonly name: string;
  readonly text: string;
}

/**
 * Sends load through all parts for some time, while faults come that follow from the seed, and keeps account of every
 * entry.
 * @param stop ends the writing early: what is written by then is confirmed and counted
 */
export async function runHours(
  options: HoursOptions,
  parts: readonly StartPart[],
  { told, warned }: Audience,
  stop: AbortSignal,
): Promise<SoakOutcome> {
  const { hours, seed, rate, out } = options;
  const durationMs = hours * HOUR_MS;
  removeLeftovers();
  const folder = new RunFolder();
  const failures: Failure[] = [];
  const leftOut: string[] = [];
  const failed = new AbortController();
  const scene = new Scene({
    ...{ folder: folder.path, logs: out, seed, rate },
    reportMs: Math.max(LEAST_SAMPLE_MS, durationMs / SAMPLES),
    secret: randomBytes(16).toString('hex'),
    certificate: await selfSigned({
      hosts: ['127.0.0.1', 'localhost'],
      until: new Date(Date.now() + durationMs + 24 * HOUR_MS),
    }),
    startSeconds: Math.floor(Date.now() / 1000),
    leftOut(what) {
      leftOut.push(what);
      warned(`left out: ${what}`);
    },
    failed(name, problem) {
      const text = `${name}: ${problem}`;
      failures.push({ name, text });
      told(`FAILED: ${text}`);
      failed.abort();
    },
  });
  const played = await play(options, scene, parts, told, { stop, failed: failed.signal });
  const outcome = {
    ...played,
    leftOut,
    failures: failures.map(({ text }) => text),
    lastLines: [...new Set(failures.map(({ name }) => name))].flatMap((name) => {
      const lines = lastLines(scene.logPath(name));
      return lines.length === 0 ? [] : [{ name, lines }];
    }),
  };
  if (problemsOf(outcome).length === 0) folder.remove();
  else told(`what the run has left is in ${folder.keep()}`);
  return outcome;
}

/** What ends a run early: somebody, or what went wrong. */
interface Ends {
  readonly stop: AbortSignal;
  readonly failed: AbortSignal;
}

/** Starts everything, waits, ends everything, and settles the account. */
async function play(
  { hours, seed, rate, out }: HoursOptions,
  scene: Scene,
  parts: readonly StartPart[],
  told: (line: string) => void,
  { stop, failed }: Ends,
): Promise<Omit<SoakOutcome, 'failures' | 'leftOut' | 'lastLines'>> {
  const durationMs = hours * HOUR_MS;
  const over = AbortSignal.any([stop, failed]);
  await using stage = await Stage.start(scene, parts);
  const run = { hours, seed, rate, startedAt: new Date().toISOString(), node: process.version };
  const recorder = new Recorder(join(out, RECORD), run, stage, scene.reportMs);
  const line = () => told(progressLine(stage, recorder));
  const timer = setInterval(line, Math.max(LEAST_LINE_MS, durationMs / LINES));
  await allConfirm(stage, scene, over);
  told(`${recorder.seconds.toFixed(0)} s: everything runs, faults come from now on`);
  const gap = Math.min(Math.max(durationMs / GAPS, LEAST_GAP_MS), MOST_GAP_MS);
  const plan = planSoakFaults(seed, [...stage.indexers, ...stage.parts], [gap, 3 * gap]);
  const end = new AbortController();
  const begun = recorder.seconds;
  const faults = runFaults(plan, stage, recorder, AbortSignal.any([over, end.signal]));
  faults.catch((error: Error) => scene.failed('faults', error.message));
  await delay(durationMs, undefined, { signal: over }).catch(() => {});
  const faultSeconds = recorder.seconds - begun;
  const isInterrupted = stop.aborted;
  end.abort();
  // What has failed is told already.
  const healing = { name: 'faults', finish: () => faults.catch(() => {}) };
  await finishAll([healing], FINISH_MS, scene.failed.bind(scene));
  const connected = await allConnect(stage, scene, failed);
  const finishMs = failed.aborted ? FINISH_FAILED_MS : FINISH_MS;
  await finishAll(stage.parts, finishMs, scene.failed.bind(scene));
  clearInterval(timer);
  stage.account.read();
  recorder.stop();
  line();
  return {
    ...{ seed, rate, hours, faultSeconds, isInterrupted },
    seconds: recorder.seconds,
    parts: stage.parts.map((part) => ({
      ...outcomeOf(part, stage, recorder),
      connectedAfter: connected.get(part.name),
    })),
    indexers: stage.indexers.map(({ name }) => name),
    others: stage.parts.flatMap(({ name, others }) =>
      [...(others?.keys() ?? [])].map((other) => ({ name: other, part: name })),
    ),
    foreign: stage.account.foreign(stage.streams),
    growth: judgeGrowth(recorder.samples),
    samples: recorder.samples,
    totals: recorder.totals,
    faults: recorder.faults.toSorted((a, b) => a.seconds - b.seconds),
  };
}

/** Waits until something of each part was confirmed: on a busy machine, processes take a while to start. */
async function allConfirm({ parts }: Stage, scene: Scene, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(START_MS);
  while (!signal.aborted) {
    const silent = parts.find(({ counts }) => counts.confirmed === 0);
    if (silent === undefined) return;
    if (deadline.aborted) scene.failed(silent.name, `nothing was confirmed in ${START_MS} ms`);
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Returns after how many seconds each part had all its connections. */
async function allConnect(
  { parts }: Stage,
  scene: Scene,
  failed: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const limits = { steadyMs: STEADY_MS, withinMs: FINISH_MS };
  const connected = await untilConnected(parts, limits, failed);
  if (failed.aborted) return connected;
  for (const { name, counts, connections } of parts) {
    if (connected.has(name)) continue;
    scene.failed(name, `only ${counts.hot} of ${connections} connections came back`);
  }
  return connected;
}

function outcomeOf(
  part: Part,
  { account }: Stage,
  { samples }: Recorder,
): Omit<PartOutcome, 'connectedAfter'> {
  const { name, description, counts, mayRepeat, sent } = part;
  const silence = longestSilence(samples.filter((sample) => sample.name === name));
  return { name, description, counts, mayRepeat, silence, ...account.settle(sent) };
}

/** What a process printed last; none: there is no such file. */
function lastLines(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
}

function progressLine({ account, parts }: Stage, { seconds, faults }: Recorder): string {
  const written = parts.reduce((sum, { counts }) => sum + counts.written, 0);
  const cached = parts.reduce((sum, { counts }) => sum + counts.cached, 0);
  const count = (value: number) => value.toLocaleString('en-US');
  return (
    `${seconds.toFixed(0)} s: ${count(written)} written, ${count(account.distinct)} arrived, ` +
    `${count(cached)} in caches, ${faults.length} faults`
  );
}
