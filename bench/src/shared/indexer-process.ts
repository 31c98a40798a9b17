import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Indexer } from '@ringest/indexer';
import { ArrivalLog } from '../chaos/arrival-log.js';
import { Tally } from './arrival-account.js';
import type {
  FromIndexer,
  IndexerSettings,
  ServerCertificate,
  ToIndexer,
  Transport,
} from './indexer-messages.js';

/** An embedded indexer in a process of its own. It ends when its parent disconnects. */
const tell = (message: FromIndexer) => process.send?.(message);
let tally: Tally | undefined;
let indexer: Indexer | undefined;

process.on('message', (message: ToIndexer) => {
  if (message.kind === 'settings') {
    void start(message.settings, message.tls);
  } else if (message.kind === 'report') {
    if (tally === undefined || indexer === undefined) return;
    const { tags, tenants } = indexer.stats();
    tell({ kind: 'report', arrived: { ...tally.report(message.sent), tags, tenants } });
  } else if (message.kind === 'clear') {
    tally?.clear();
    tell({ kind: 'cleared' });
  } else if (message.kind === 'delay' && indexer !== undefined) {
    indexer.ackDelay = message.milliseconds;
    tell({ kind: 'delayed' });
  } else if (message.kind === 'throttle' && indexer !== undefined) {
    indexer.readRate = message.bytesPerSecond;
    tell({ kind: 'throttled' });
  }
});
process.on('disconnect', () => process.exit());
// A terminal sends its interrupt to the whole group; the load generator ends this process in time.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit());

async function start(settings: IndexerSettings, tls: ServerCertificate | undefined): Promise<void> {
  const { secret, ackDelay, tenants, port, transports = ['tcp'] } = settings;
  const account = settings.tally && new Tally(settings.tally, settings.digest);
  tally = account || undefined;
  const log = settings.log && new ArrivalLog(settings.log.path, settings.log.place);
  indexer = new Indexer({
    listen: port === undefined ? transports.map(freeAddress) : `tcp://127.0.0.1:${port}`,
    secret,
    ackDelay,
    ...(tls && { tls }),
    ...(tenants && { tenants }),
    ...(account && { onEntry: account.add.bind(account) }),
    ...(log && { onEntry: log.add, beforeConfirm: log.flush }),
  });
  await indexer.listen();
  tell({ kind: 'listening', addresses: indexer.addresses });
}

/** Where nobody else listens. */
function freeAddress(transport: Transport): string {
  return transport === 'pipe' ? `pipe://${freePath()}` : `${transport}://127.0.0.1:0`;
}

/** A path in a directory of its own, which is removed however this process ends. */
function freePath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringest-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'indexer.sock');
}
