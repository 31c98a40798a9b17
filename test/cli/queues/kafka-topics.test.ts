import { expect, it } from 'vitest';
import { int16, int32, scriptedBroker, text } from '../../support/scripted-broker.js';
import { publishPipe } from './kafkad.js';

const METADATA = 3;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const LEADER_NOT_AVAILABLE = 5;

it('ringest ship --to kafka:// waits for the leader of its topic, and says that a topic is missing', async () => {
  let isElecting = true;
  const asked: Buffer[] = [];
  const port = await scriptedBroker([[METADATA, 4, 4]], ({ body }) => {
    asked.push(body);
    const problem = isElecting ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION;
    return metadata(problem, port);
  });
  const process = publishPipe(`127.0.0.1:${port}`);
  await process.says('stderr', /leadership election: waiting for it/);
  isElecting = false;
  expect(await process.end(), process.stderr).toBe(3);
  expect(process.stderr).toContain('there is no topic events: make it first');
  // It asks for its own topic, and not to have it made.
  const own = Buffer.concat([int32(1), text('events'), Buffer.of(0)]);
  expect(new Set(asked.map((body) => body.toString('hex')))).toEqual(
    new Set([own.toString('hex')]),
  );
});

/** What a broker knows of the topic `events`, in version 4 of the answer. */
function metadata(problem: number, port: number): Buffer {
  const broker = [int32(0), text('127.0.0.1'), Buffer.of(0, 0), int16(port), int16(-1)];
  const topic = [int16(problem), text('events'), Buffer.of(0), int32(0)];
  return Buffer.concat([
    int32(0),
    ...[int32(1), ...broker],
    ...[int16(-1), int32(0)],
    ...[int32(1), ...topic],
  ]);
}
