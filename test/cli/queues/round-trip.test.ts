import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import { NodeProcess, RINGEST, startIndexer } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { publishFlags } from './natsd.js';

const LINES = [
  '2026-01-02T03:04:05.000000006Z {"tag":"web","from":"10.1.2.3","n":7,"big":18446744073709551615}',
  '2026-01-02T03:04:06Z {"tag":"app","from":"2001:db8::7","ok":true,"text":"ä\\u0000"}',
  '2026-01-02T03:04:07Z plain',
];

/** What an entry is made of, by the flags of a process that is near what makes it. */
const STEPS = `
  let count = 0;
  export default (entry) => {
    const text = entry.data.toString();
    const { tag, from, ...values } = JSON.parse(/{.*}/.exec(text)?.[0] ?? '{}');
    entry.data = text.slice(text.indexOf(' ') + 1) + ++count;
    if (tag) entry.tag = tag;
    if (from) entry.source = from;
    entry.values = { ...values, count: BigInt(count), bytes: Uint8Array.of(0, 255, count) };
    return entry;
  };`;

/** The entries of a store, as `ringest cat` prints them. */
async function entriesOf(store: string): Promise<unknown[]> {
  const cat = new NodeProcess(RINGEST, ['cat', store, '--json']);
  expect(await cat.end(), cat.stderr).toBe(0);
  const lines = cat.stdout.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

it.skipIf(isNatsMissing)(
  'entries by way of a stream are in the store as those that went straight to an indexer',
  async () => {
    const server = await NatsServer.start();
    await server.stream();
    const [straight, relayed] = [temporaryDirectory(), temporaryDirectory()];
    const indexers = await Promise.all([
      startIndexer('--listen', '127.0.0.1:0', '--store', straight),
      startIndexer('--listen', '127.0.0.1:0', '--store', relayed),
    ]);
    const [first, second] = indexers.map(({ address }) => address);
    const folder = temporaryDirectory();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const input = file('input', LINES.map((line) => `${line}\n`).join(''));
    const steps = ['--process', file('steps.mjs', STEPS), '--attach', 'site=lab'];
    const secret = ['--ingest-secret', 'IngestSecrets'];
    const toIndexer = ['ship', '--tag', 'test', '--clear-conns', `${first}`, ...secret];
    const queue = ['--nats', server.url, '--nats-stream', 'events', '--nats-consumer', 'ingest'];
    const restore = [...queue, '--nats-restore', '--nats-until-empty'];
    const runs = [
      [...toIndexer, ...steps, input],
      [...publishFlags(server.url), ...steps, input],
      // A step that changes nothing leaves the types of values as they are.
      ['ship', ...restore, '--keep', '.', '--clear-conns', `${second}`, ...secret],
    ];
    for (const args of runs) {
      const process = new NodeProcess(RINGEST, args);
      expect(await process.end(), process.stderr).toBe(0);
    }
    for (const { indexer } of indexers) await indexer.end('SIGTERM');
    const [expected, entries] = [await entriesOf(straight), await entriesOf(relayed)];
    expect(expected).toHaveLength(LINES.length);
    expect(entries).toEqual(expected);
    expect(entries[0]).toMatchObject({
      ...{ timestamp: '2026-01-02T03:04:05.000000006Z', tag: 'web', source: '10.1.2.3' },
    });
  },
);
