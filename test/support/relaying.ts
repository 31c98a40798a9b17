import { selfSigned } from '@ringest/bench/shared';
import { Compression } from '@ringest/codec';
import type { IndexerOptions } from '@ringest/indexer';
import { Relay, type RelayListener, type RelayOptions } from '@ringest/relay';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { LogLine } from './listening.js';
import { SECRET } from './muxer.js';
import type { Script } from './scripted-indexer.js';

/** How a relay of the projects `relayed…` reaches its indexers: by `tcp`, `tls`, `snappy` or for a `tenant`. */
const { RINGEST_TEST_RELAYED: WAY } = process.env;

/** Whether indexers of tests are behind a relay: in the projects `relayed…`. */
export const IS_RELAYED = WAY !== undefined;

/** What an indexer, a scripted one, and the muxer of the relay before it need for the way of the project. */
export async function wayOfProject(): Promise<{
  readonly indexer?: Partial<IndexerOptions>;
  readonly script?: Partial<Script>;
  readonly muxer?: Omit<RelaySetUp['muxer'], 'targets'>;
}> {
  switch (WAY) {
    case 'tcp':
      return {};
    case 'tls': {
      const tls = await selfSigned({ hosts: ['127.0.0.1'] });
      const listen = 'tls://127.0.0.1:0';
      return { indexer: { listen, tls }, script: { tls }, muxer: { tls: { ca: tls.cert } } };
    }
    case 'snappy':
      return { script: { compression: Compression.snappy }, muxer: { compression: 'snappy' } };
    case 'tenant':
      return { muxer: { tenant: 'acme' } };
    default:
      throw new Error(`a relay has no way ${WAY}`);
  }
}

/** A relay for tests: some options of its muxers, and of its only listener. */
export interface RelaySetUp extends Partial<Omit<RelayOptions, 'muxer' | 'listeners'>> {
  readonly muxer: Partial<RelayOptions['muxer']> & Pick<RelayOptions['muxer'], 'targets'>;
  readonly listener?: Partial<RelayListener>;
  readonly listeners?: readonly RelayListener[];
}

/** A relay that is closed when the test is finished, and what it logs. */
export function newRelay({ muxer, listener, listeners, ...options }: RelaySetUp) {
  const logs: LogLine[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => logs.push(JSON.parse(line)) });
  const relay = new Relay({
    listeners: listeners ?? [{ name: 'test', listen: '127.0.0.1:0', secret: SECRET, ...listener }],
    muxer: {
      secret: SECRET,
      closeTimeout: 20,
      workers: 1,
      selfIngest: false,
      times: { dial: 2000, handshake: 5000, notReady: 20, firstRetry: 20, mostRetry: 100 },
      ...muxer,
    },
    logger,
    ...options,
  });
  onTestFinished(async () => {
    await relay.close();
  });
  return { relay, logs };
}

/** The same, at work. */
export async function startRelay(setUp: RelaySetUp) {
  const { relay, logs } = newRelay(setUp);
  await relay.start();
  return { relay, logs, address: relay.addresses[0] as string };
}
