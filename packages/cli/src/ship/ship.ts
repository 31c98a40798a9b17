import { once } from 'node:events';
import type { CloseReport, IngestMuxer } from '@ringest/core';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { EntryAccount, type EntryStream } from './entry-account.js';
import { findInputs, STANDARD_INPUT } from './inputs.js';
import { megabytes, Progress } from './progress.js';
import { readInput } from './read-input.js';
import { shipLogger } from './ship-log.js';
import { configurationOf, startMuxer } from './ship-muxer.js';
import type { ShipOptions } from './ship-options.js';
import { Stopping } from './stopping.js';

/**
 * Ships inputs to indexers, until their ends or a signal, and waits until all is confirmed.
 * @throws what keeps it from beginning: the options, a file, or the first connection
 */
export async function ship(options: ShipOptions): Promise<ExitStatus> {
  const paths = await findInputs(options.inputs);
  const account = new EntryAccount();
  const progress = new Progress(account, options.json);
  const sayLeft = () => progress.say(`ringest: ${left(progress)}`);
  using stopping = new Stopping(options.graceMs, sayLeft);
  const say = (line: string) => progress.say(line);
  const muxer = await startMuxer(options, shipLogger(say, options.json), stopping.reading);
  progress.follow(muxer);
  using _reload = onHangUp(() => reload(muxer, options, say));
  muxer.on('error', () => {
    // It is logged. Writes and `sync` throw when nothing can be delivered any more.
  });
  const shipment = { muxer, options, account, stopping, say };
  const problems = await shipAll(shipment, paths);
  const report = await muxer.close();
  return tellEnd(progress, problems, report);
}

/** What the parts of a `ship` share. */
interface Shipment {
  readonly muxer: IngestMuxer;
  readonly options: ShipOptions;
  readonly account: EntryAccount;
  readonly stopping: Stopping;
  say(line: string): void;
}

/** Reads all inputs, one after the other, and waits until their entries are confirmed. */
async function shipAll(shipment: Shipment, paths: readonly string[]): Promise<number> {
  const { muxer, stopping, say } = shipment;
  let problems = 0;
  const problem = (text: string) => {
    problems++;
    say(`ringest: ${text}`);
  };
  const work = async () => {
    for (const path of paths) {
      const name = path === STANDARD_INPUT ? 'standard input' : path;
      if (stopping.reading.aborted) problem(`${name} was not read`);
      else if (
        !(await shipInput(shipment, path, (error) => problem(`${name}: ${error.message}`)))
      ) {
        problem(`${name} was not read to its end`);
      }
    }
    await muxer.sync({ signal: stopping.waiting });
  };
  try {
    await untilAborted(work(), stopping.waiting);
  } catch (error) {
    problem((error as Error).message);
  }
  return problems;
}

/** @returns whether the end of the input was reached, or its error was reported */
async function shipInput(
  { muxer, options, account, stopping }: Shipment,
  path: string,
  failed: (error: Error) => void,
): Promise<boolean> {
  const stream = openStream(muxer, options);
  account.add(stream);
  try {
    return await readInput(path, stream, account, stopping.reading);
  } catch (error) {
    // The next input may be readable. Other errors hold for all of them.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    failed(error as Error);
    return true;
  } finally {
    account.close(stream);
  }
}

function openStream(muxer: IngestMuxer, options: ShipOptions): EntryStream {
  const { source, delimiter, maxLineBytes } = options;
  return muxer.lineWriter({
    tag: muxer.getTag(options.tag),
    maxLineBytes,
    ...(source === undefined ? {} : { source }),
    ...(delimiter === undefined ? {} : { delimiter }),
  });
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
  const { entries, refused, bytes, seconds } = progress.status();
  const isDone = problems === 0 && unconfirmed === 0 && refused === 0;
  const amount = `${entries} entries of ${megabytes(bytes)} in ${seconds.toFixed(1)} s`;
  const parts = [
    unconfirmed === 0 ? 'all confirmed' : `${unconfirmed} not confirmed`,
    ...(cached === 0 ? [] : [`${cached} of them in the cache, for the next run`]),
    ...(refused === 0 ? [] : [`${refused} refused`]),
  ];
  progress.end({ unconfirmed, cached, problems }, `ringest: ${amount}: ${parts.join(', ')}`);
  return isDone ? EXIT.done : EXIT.incomplete;
}
