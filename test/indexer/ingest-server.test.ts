import { IngestServer } from '@ringest/indexer';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import type { LogLine } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';

const handler = { onEntry() {}, negotiateTag: () => 1 as never };

it.each([
  [
    'serve',
    {
      serve() {
        throw new Error('no place');
      },
    },
  ],
  [
    'begins',
    {
      serve: () => ({
        handler,
        begins() {
          throw new Error('no place');
        },
      }),
    },
  ],
])('a server ends the connection of an ingester if %s throws', async (_what, { serve }) => {
  lightChallenges();
  const logs: LogLine[] = [];
  const logger = pino({}, { write: (line: string) => logs.push(JSON.parse(line)) });
  const negotiateTag = () => 1 as never;
  const listen = '127.0.0.1:0';
  const server = new IngestServer({ listen, secret: SECRET, logger, negotiateTag, serve });
  onTestFinished(() => server.close());
  const { client } = await IngesterClient.hot(await server.listen(), SECRET, ['test']);
  expect(await client.next()).toBeUndefined();
  expect(logs.map(({ err }) => err?.message)).toContain('no place');
});
