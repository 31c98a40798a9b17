import { once } from 'node:events';
import type { CloseReport, IngestMuxer } from '@ringest/core';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { serveStatus } from '../status/status-server.js';
import { EntryAccount } from './entries/entry-account.js';
import type { Listeners } from './listen/listeners.js';
import { megabytes, Progress } from './progress.js';
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
  const account = new EntryAccount();
  const progress = new Progress(account, options.json);
  const say = (line: string) => progress.say(line);
  using stopping = new Stopping(options.graceMs, () => say(`ringest: ${left(progress)}`));
  let muxer: IngestMuxer;
  try {
    muxer = await startMuxer(options, shipLogger(say, options.json), stopping.reading);
  } catch (error) {
    const { reason } = stopping.reading;
    if (error !== reason) throw error;
    say(`ringest: ${reason.message} before an indexer was there: nothing was read`);
    return EXIT.incomplete;
  }
  progress.follow(muxer);
  using _reloading = onHangUp(() => reload(muxer, options, say));
  using _watching = watchConfirmations(muxer, options.timeoutMs, (error) => stopping.giveUp(error));
  const shipment = new Shipment(muxer, { account, stopping, say });
  await using _status = await answerStatus(options, { muxer, progress, shipment }, say);
  const listeners = await listen(shipment, plan, muxer);
  const work = Promise.all([
    shipment.readAll(plan.read, plan.entries),
    plan.followed.size > 0 && shipment.follow(plan.followed, plan.follow),
    shipment.serve(listeners),
  ]).then(() => shipment.allConfirmed());
  try {
    await untilAborted(work, stopping.waiting);
  } catch (error) {
    shipment.problem((error as Error).message);
    // What failed for good ends the rest too.
    stopping.giveUp(error as Error);
  }
  // Connections may wait for room, until the muxer closes.
  const [report] = await Promise.all([muxer.close(), ...listeners.map((one) => one.close())]);
  return tellEnd(progress, shipment.problems, report);
}

/** Begins to listen, or closes the muxer. */
async function listen(
  shipment: Shipment,
  plan: ShipPlan,
  muxer: IngestMuxer,
): Promise<Listeners[]> {
  const begun: Listeners[] = [];
  try {
    for (const { listen, entries } of plan.listened)
      begun.push(await shipment.listen(listen, entries));
    return begun;
  } catch (error) {
    await Promise.all([muxer.close(), ...begun.map((one) => one.close())]);
    throw error;
  }
}

/** Answers `ringest status` from now on. */
async function answerStatus(
  { statusSocket }: ShipOptions,
  running: {
    readonly muxer: IngestMuxer;
    readonly progress: Progress;
    readonly shipment: Shipment;
  },
  say: (line: string) => void,
): Promise<AsyncDisposable | undefined> {
  const { muxer, progress, shipment } = running;
  const source = {
    command: 'ship' as const,
    muxers: new Map([['', muxer]]),
    counts: () => progress.status(),
    files: () => shipment.files,
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

function onHangUp(act: () => void): Disposable {
  process.on('SIGHUP', act);
  return { [Symbol.dispose]: () => process.off('SIGHUP', act) };
}

async function reload(
  muxer: IngestMuxer,
  options: ShipOptions,
  say: (line: string) => void,
): Promise<void> {
  try {
    await muxer.reload(configurationOf(options));
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
  const { entries, refused, dropped, failedSteps, bytes, seconds } = progress.status();
  const isDone = [problems, unconfirmed, refused, dropped].every((count) => count === 0);
  const amount = `${entries} entries of ${megabytes(bytes)} in ${seconds.toFixed(1)} s`;
  const parts = [
    unconfirmed === 0 ? 'all confirmed' : `${unconfirmed} not confirmed`,
    ...(cached === 0 ? [] : [`${cached} of them in the cache, for the next run`]),
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(failedSteps === 0 ? [] : [`${failedSteps} steps failed`]),
    ...(dropped === 0 ? [] : [`${dropped} datagrams dropped`]),
  ];
  progress.end({ unconfirmed, cached, problems }, `ringest: ${amount}: ${parts.join(', ')}`);
  return isDone ? EXIT.done : EXIT.incomplete;
}
