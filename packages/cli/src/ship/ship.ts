import { once } from 'node:events';
import type { CloseReport, IngestMuxer } from '@ringest/core';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { serveStatus } from '../status/status-server.js';
import { EntryAccount } from './entries/entry-account.js';
import { lockState } from './follow/follow-state.js';
import { HangUps } from './hang-ups.js';
import { ListenAccount } from './listen/listen-account.js';
import { Opened } from './opened.js';
import { megabytes, type OtherCounts, Progress } from './progress.js';
import { Outlet } from './queues/outlet.js';
import { shipLogger } from './ship-log.js';
import { configurationOf, startMuxer } from './ship-muxer.js';
import type { ShipOptions } from './ship-options.js';
import { planOf, type ShipPlan } from './ship-plan.js';
import { Shipment } from './shipment.js';
import { Stopping } from './stopping.js';
import { watchConfirmations } from './watchdog.js';

/**
 * Ships inputs to indexers, until their ends or a signal, and waits until all is confirmed.
 * @throws what keeps it from beginning: the options, a file, an address, or the first connection
 */
export async function ship(options: ShipOptions): Promise<ExitStatus> {
  const plan = await planOf(options);
  using _own = await lockOf(plan);
  const account = new EntryAccount();
  const listening = new ListenAccount(options.listen.maxWaitingBytes);
  const progress = new Progress(account, listening, options.json);
  const say = (line: string) => progress.say(line);
  using hangUps = new HangUps();
  using stopping = new Stopping(options.graceMs, () => say(`ringest: ${left(progress)}`));
  try {
    await using outlet = await openOutlet(options, { say, stopping });
    const muxer = await startMuxer(
      options,
      outlet,
      shipLogger(say, options.json),
      stopping.reading,
    );
    const parts = { muxer, outlet, account, listening, progress, stopping, hangUps, say };
    return await shipAll(options, plan, parts);
  } catch (error) {
    const { reason } = stopping.reading;
    if (error !== reason) throw error;
    say(`ringest: ${reason.message} before it was connected: nothing was read`);
    return EXIT.incomplete;
  }
}

/** What a `ship` works with. */
interface Running {
  readonly muxer: IngestMuxer;
  readonly outlet: Outlet | undefined;
  readonly account: EntryAccount;
  readonly listening: ListenAccount;
  readonly progress: Progress;
  readonly stopping: Stopping;
  readonly hangUps: HangUps;
  readonly say: (line: string) => void;
}

async function shipAll(
  options: ShipOptions,
  plan: ShipPlan,
  running: Running,
): Promise<ExitStatus> {
  const { muxer, outlet, account, listening, progress, stopping, hangUps, say } = running;
  using _watching = watchConfirmations(muxer, options.timeoutMs, (error) => stopping.giveUp(error));
  const shipment = new Shipment(muxer, { account, listening, stopping, say });
  const opened = new Opened(muxer, shipment, plan, stopping.reading);
  if (outlet !== undefined) account.add(outlet);
  const parts = { muxer, outlet, progress, shipment, opened };
  await using _status = await answerStatus(options, parts, say);
  progress.follow(muxer, () => countsOf(opened, outlet));
  await opened.open(shipment, plan, options.timeoutMs);
  hangUps.serve(() => reload(opened, plan, options, outlet, say));
  const work = Promise.all([
    shipment.readAll(plan.read, plan.entries),
    opened.live.run(),
    ...opened.queues.map((queue) => shipment.pull(queue)),
  ]).then(() => shipment.allConfirmed());
  try {
    await untilAborted(work, stopping.waiting);
  } catch (error) {
    shipment.problem((error as Error).message);
    // What failed for good ends the rest too.
    stopping.giveUp(error as Error);
  }
  const report = await opened.close();
  return tellEnd(progress, shipment.problems, report);
}

/** Connects to the queue that entries go to, if they do. */
async function openOutlet(
  options: ShipOptions,
  { say, stopping }: Pick<Running, 'say' | 'stopping'>,
): Promise<Outlet | undefined> {
  const { to, entries, cache, timeoutMs } = options;
  if (to === undefined) return undefined;
  return await Outlet.open(to, {
    ...{ say, timeoutMs },
    tag: entries.tag,
    maxBytes: entries.maxBytes,
    signal: stopping.reading,
    startsWithout: cache?.path !== undefined && cache.mode !== 'fail',
    failed: (error) => stopping.giveUp(error),
  });
}

/** Nobody else writes how far files are confirmed while this runs. */
async function lockOf({ follow }: ShipPlan): Promise<Disposable | undefined> {
  const { statePath } = follow;
  return statePath === undefined ? undefined : await lockState(statePath);
}

function countsOf({ queues }: Opened, outlet: Outlet | undefined): OtherCounts {
  return {
    ...(queues.length > 0 && { queues: queues.map((queue) => queue.counts()) }),
    ...(outlet !== undefined && { to: outlet.counts() }),
  };
}

/** Answers `ringest status` from now on. */
async function answerStatus(
  { statusSocket }: ShipOptions,
  running: {
    readonly muxer: IngestMuxer;
    readonly outlet: Outlet | undefined;
    readonly progress: Progress;
    readonly shipment: Shipment;
    readonly opened: Opened;
  },
  say: (line: string) => void,
): Promise<AsyncDisposable | undefined> {
  const { muxer, outlet, progress, shipment, opened } = running;
  const source = {
    command: 'ship' as const,
    muxers: new Map([['', muxer]]),
    counts: () => progress.status(),
    files: () => shipment.files,
    listeners: () => progress.status().listeners,
    queues: () => opened.queues.map((queue) => ({ name: queue.name, ...queue.counts() })),
    to: () => outlet?.status(),
  };
  try {
    return await serveStatus(statusSocket, source, say);
  } catch (error) {
    await muxer.close();
    throw error;
  }
}

/** A write that waits for room does not know the signal: it is left behind, and `close` ends it. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = once(signal, 'abort').then(() => {
    throw signal.reason;
  });
  // Whichever comes second is of no interest.
  work.catch(() => {});
  aborted.catch(() => {});
  await Promise.race([work, aborted]);
}

async function reload(
  { muxer, live }: Opened,
  { given }: ShipPlan,
  options: ShipOptions,
  outlet: Outlet | undefined,
  say: (line: string) => void,
): Promise<void> {
  try {
    const replace = live.replacement(await planOf(options, given));
    await muxer.reload(configurationOf(options, outlet));
    await replace();
    say('ringest: the configuration was read again');
  } catch (error) {
    say(`ringest: the configuration stays as it was: ${(error as Error).message}`);
  }
}

function left(progress: Progress): string {
  const { entries, confirmed } = progress.status();
  return `left at once: ${Math.max(0, entries - confirmed)} entries are not confirmed`;
}

function tellEnd(progress: Progress, problems: number, report: CloseReport): ExitStatus {
  const { unconfirmed, cached } = report;
  const { entries, refused, dropped, failedSteps, bytes, seconds, listeners } = progress.status();
  const cut = listeners?.cutConnections ?? 0;
  const isDone = [problems, unconfirmed, refused, dropped, cut].every((count) => count === 0);
  const amount = `${entries} entries of ${megabytes(bytes)} in ${seconds.toFixed(1)} s`;
  const parts = [
    unconfirmed === 0 ? 'all confirmed' : `${unconfirmed} not confirmed`,
    ...(cached === 0 ? [] : [`${cached} of them in the cache, for the next run`]),
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(failedSteps === 0 ? [] : [`${failedSteps} steps failed`]),
    ...(dropped === 0 ? [] : [`${dropped} datagrams dropped`]),
    ...(cut === 0 ? [] : [`${cut} connections cut`]),
    ...progress.queueSentences(),
  ];
  progress.end({ unconfirmed, cached, problems }, `ringest: ${amount}: ${parts.join(', ')}`);
  return isDone ? EXIT.done : EXIT.incomplete;
}
