import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import {
  type CloseReport,
  IngestMuxer,
  InvalidArgumentError,
  loadConfig,
  type MuxerConfiguration,
  muxerConfiguration,
} from '@ringest/core';
import type { RecordOptions } from './record-options.js';
import { type RecordStats, RecordStream } from './record-stream.js';

/** The options of the transport. They are copied to its thread, so they hold no functions. */
export interface TransportOptions extends RecordOptions {
  /** The configuration of the muxer, without `logger`. Either this or `config` must be given. */
  readonly muxer?: Omit<MuxerConfiguration, 'logger'>;
  /** The path of a Gravwell configuration file. */
  readonly config?: string;
}

/** pino waits ten seconds for its transport when a process exits. Lanes and cache may each take this long. */
const CLOSE_TIMEOUT_MS = 4000;

const STANDARD_ERROR = 2;

/**
 * Makes the stream of the transport: pino calls it in its thread. At its end it closes the muxer, and says on
 * standard error what is lost. If the program still runs then, the transport emits the event `ringest` with what
 * `close` and `RecordStream.stats` say.
 * @throws {InvalidArgumentError} an option cannot be used
 * @throws what `IngestMuxer`, or `loadConfig` and `muxerConfiguration`, throw for the configuration
 */
export async function transport(options: TransportOptions): Promise<RecordStream> {
  const muxer = startedMuxer(options);
  try {
    return new RecordStream(muxer, options, {
      closed: (report) => {
        parentPort?.postMessage({ code: 'EVENT', name: 'ringest', args: [report] });
        tellLosses(report);
      },
    });
  } catch (error) {
    await muxer.close();
    throw error;
  }
}

/** Says on standard error what is lost. */
function tellLosses({ unconfirmed, cached, lost, refused }: CloseReport & RecordStats): void {
  const left = unconfirmed - cached;
  if (left + lost + refused === 0) return;
  const counts = `${left} entries were not confirmed, ${lost} records were lost and ${refused} refused`;
  try {
    // Warnings, and what a thread writes, go by way of the main thread, which may have ended.
    writeSync(STANDARD_ERROR, `(ringest:${process.pid}) of the log, ${counts}\n`);
  } catch {
    // There is no standard error. The event has the counts.
  }
}

function startedMuxer(options: TransportOptions): IngestMuxer {
  const { muxer: configuration, config } = options ?? {};
  if ((configuration === undefined) === (config === undefined)) {
    throw new InvalidArgumentError('options.muxer', configuration, 'either it or options.config');
  }
  const muxer = new IngestMuxer({
    closeTimeout: CLOSE_TIMEOUT_MS,
    ...(config === undefined ? (configuration as MuxerConfiguration) : readConfig(config)),
  });
  // It is in the log of the muxer, and a program must not end because of its log.
  muxer.on('error', () => {});
  muxer.start();
  return muxer;
}

/** Reads a configuration file, as `startFromConfig` does. What it waits for and logs to is left to the program. */
function readConfig(path: string): MuxerConfiguration {
  const { configuration, warnings, logFile } = muxerConfiguration(loadConfig(path));
  const warn = (text: string) => process.emitWarning(text, { type: 'RingestConfigWarning' });
  for (const { key, reason } of warnings) warn(`[Global] ${key}: ${reason}`);
  if (logFile !== undefined) warn('[Global] Log-File: it has no effect in a transport of pino');
  return configuration;
}
