import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSigned } from '../../shared/certificates.js';
import { runFaults } from './fault-run.js';
import { planSoakFaults } from './faults.js';
import { type PartOutcome, problemsOf, type SoakOutcome } from './outcome.js';
import type { Part, StartPart } from './parts/part.js';
import { judgeGrowth } from './record/growth.js';
import { Recorder } from './record/recorder.js';
import { longestSilence } from './record/silence.js';
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
/** How long it may take until something of everything is confirmed, and at the end all of it. */
const START_MS = 120_000;
const FINISH_MS = 180_000;
/** How often it is told how the run goes: so often, and at least so many milliseconds apart. */
const LINES = 100;
const LEAST_LINE_MS = 5000;

const LOOK_MS = 50;

/** The name of the file with all samples and faults. */
export const RECORD = 'record.jsonl';

/**
 * Sends load through all parts for some time, while faults come that follow from the seed, and keeps account of every
 * entry.
 * @param told called with lines for people, about how it goes
 * @param stop ends the writing early: what is written by then is confirmed and counted
 */
export async function runHours(
  options: HoursOptions,
  parts: readonly StartPart[],
  told: (line: string) => void,
  stop: AbortSignal,
): Promise<SoakOutcome> {
  const { hours, seed, rate, out } = options;
  const durationMs = hours * HOUR_MS;
  const work = mkdtempSync(join(tmpdir(), 'ringest-soak-'));
  const failures: string[] = [];
  const failed = new AbortController();
  const scene = new Scene({
    ...{ folder: work, logs: out, seed, rate },
    reportMs: Math.max(LEAST_SAMPLE_MS, durationMs / SAMPLES),
    secret: randomBytes(16).toString('hex'),
    certificate: await selfSigned({
      hosts: ['127.0.0.1', 'localhost'],
      until: new Date(Date.now() + durationMs + 24 * HOUR_MS),
    }),
    startSeconds: Math.floor(Date.now() / 1000),
    told,
    failed(what) {
      failures.push(what);
      told(`FAILED: ${what}`);
      failed.abort();
    },
  });
  const over = AbortSignal.any([stop, failed.signal]);
  const outcome = await play(options, scene, parts, told, over);
  const result = { ...outcome, failures };
  if (problemsOf(result).length === 0) rmSync(work, { recursive: true });
  else told(`what the run has left is in ${work}`);
  return result;
}

/** Starts everything, waits, ends everything, and settles the account. */
async function play(
  { hours, seed, rate, out }: HoursOptions,
  scene: Scene,
  parts: readonly StartPart[],
  told: (line: string) => void,
  over: AbortSignal,
): Promise<Omit<SoakOutcome, 'failures'>> {
  const durationMs = hours * HOUR_MS;
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
  const faults = runFaults(plan, stage, recorder, AbortSignal.any([over, end.signal]));
  faults.catch((error: Error) => scene.failed('faults', error.message));
  await delay(durationMs, undefined, { signal: over }).catch(() => {});
  end.abort();
  await faults.catch(() => {});
  const deadline = AbortSignal.timeout(FINISH_MS);
  const finish = async (part: Part) => {
    try {
      await part.finish(deadline);
    } catch (error) {
      scene.failed(part.name, `it did not end in order: ${(error as Error).message}`);
    }
  };
  await Promise.all(stage.parts.map(finish));
  clearInterval(timer);
  stage.account.read();
  recorder.stop();
  line();
  return {
    seed,
    seconds: recorder.seconds,
    parts: stage.parts.map((part) => outcomeOf(part, stage, recorder)),
    indexers: stage.indexers.map(({ name }) => name),
    others: stage.parts.flatMap(({ name, others }) =>
      [...(others?.keys() ?? [])].map((other) => ({ name: other, part: name })),
    ),
    foreign: stage.account.foreign,
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

function outcomeOf(part: Part, { account }: Stage, { samples }: Recorder): PartOutcome {
  const { name, description, counts, mayRepeat, sent } = part;
  const silentSeconds = longestSilence(samples.filter((sample) => sample.name === name));
  return { name, description, counts, mayRepeat, silentSeconds, ...account.settle(sent) };
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
