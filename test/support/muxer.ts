import { IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';

export const SECRET = 'IngestSecrets';

/** The smallest ring there is; entries that take more than a quarter of it are large. */
export const SMALL_RING = 65536;

/** Connections fail and come back fast, and `close` does not wait for what nobody will confirm. */
const QUICK = {
  secret: SECRET,
  tags: ['test'],
  closeTimeout: 20,
  // A thread takes 60 ms of processor to start. Where several matter, a test says so.
  workers: 1,
  // Tests count what arrives.
  selfIngest: false,
  times: { dial: 2000, handshake: 5000, notReady: 20, firstRetry: 20, mostRetry: 100 },
} as const;

type Given = Partial<MuxerConfiguration> & Pick<MuxerConfiguration, 'targets'>;

/** A muxer with one tag, `test`, whose number is 0. It is closed when the test is finished. */
export function newMuxer(configuration: Given): IngestMuxer {
  const times = { ...QUICK.times, ...configuration.times };
  const muxer = new IngestMuxer({ ...QUICK, ...configuration, times });
  onTestFinished(async () => {
    await muxer.close();
  });
  return muxer;
}

/** The same, started, with at least one hot lane. */
export async function hotMuxer(configuration: Given): Promise<IngestMuxer> {
  const muxer = newMuxer(configuration);
  muxer.start();
  await muxer.waitForHot({ timeout: 45_000 });
  return muxer;
}

/** The same, with every lane hot. */
export async function wholeMuxer(configuration: Given): Promise<IngestMuxer> {
  const muxer = newMuxer(configuration);
  const allHot = new Promise<void>((resolve) => {
    muxer.on('hot', () => {
      if (muxer.dead() === 0) resolve();
    });
  });
  muxer.start();
  await allHot;
  return muxer;
}

/** A logger, and the lines that it wrote. */
export function collectLogs() {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  return { logger, lines };
}
