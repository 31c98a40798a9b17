import { createProgram } from 'ringest/internal';
import { expect, it } from 'vitest';

/** What a command line is told that cannot be used. */
async function refusal(flags: readonly string[]): Promise<string> {
  const program = createProgram();
  let said = '';
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeErr: (text) => {
        said += text;
      },
    });
  }
  await expect(program.parseAsync(['ship', ...flags], { from: 'user' })).rejects.toThrow();
  return said;
}

const QUEUE = ['--nats', 'nats://127.0.0.1:1', '--nats-stream', 's', '--nats-consumer', 'c'];
const TO = ['--to', 'nats://127.0.0.1:1'];
const TOPIC = ['--kafka', '127.0.0.1:1', '--kafka-topic', 't', '--kafka-group', 'g'];
const TO_TOPIC = ['--to', 'kafka://127.0.0.1:1/t'];

it.each([
  ['an address that is none', ['--nats', 'http://x'], /must be nats:\/\/host:port/],
  ['a password in an address', ['--to', 'nats://me:pass@x'], /--nats-user/],
  ['no consumer', QUEUE.slice(0, 4), /takes a --nats-stream and a --nats-consumer/],
  ['a flag without --nats', ['--nats-until-empty'], /--nats-until-empty is about messages/],
  ['a flag without --to', ['--nats-subject', 'a'], /--nats-subject is about entries/],
  ['a stream of nothing', ['--nats-stream', 'a'], /--nats-stream is about --nats and --to/],
  ['both', [...QUEUE, ...TO], /--nats and --to take a process each/],
  ['a format of bytes', [...QUEUE, '--format', 'json'], /--format has no use with --nats/],
  [
    'a format of the time in data',
    [...QUEUE, '--nats-time', 'stored', '--time-format', 'RFC3339'],
    /--time-format is about --nats-time data/,
  ],
  [
    'a time in data where times are restored',
    [...QUEUE, '--nats-restore', '--nats-time', 'data'],
    /--nats-restore restores times/,
  ],
  ['a time from nowhere', [...QUEUE, '--nats-time', 'now'], /must be data, stored, arrival or/],
  ['a rule that is none', [...QUEUE, '--nats-tag', 'events'], /must be subject=tag/],
  ['deliveries', [...QUEUE, '--nats-max-deliveries', '3'], /--nats-poison retry/],
  [
    'two kinds of credentials',
    [...QUEUE, '--nats-creds', 'a', '--nats-user', 'b'],
    /--nats-user has no use/,
  ],
  [
    'a password beside credentials',
    [...QUEUE, '--nats-creds', 'a', '--nats-password-file', 'b'],
    /--nats-password-file has no use/,
  ],
  ['half a certificate', [...QUEUE, '--nats-cert', 'a'], /belong together/],
  ['subjects without a stream to make', [...TO, '--nats-subjects', 'a'], /give --nats-create/],
  ['a stream to make without a name', [...TO, '--nats-create'], /give its --nats-stream/],
  ['indexers beside a queue', [...TO, '--clear-conns', 'a'], /--clear-conns is about indexers/],
  ['a secret of indexers', [...TO, '--ingest-secret', 'a'], /--ingest-secret is about indexers/],
  ['another kind of queue', ['--to', 'amqp://x/y'], /must be nats:.* or kafka:/],
  ['no topic', TOPIC.slice(0, 2), /takes a --kafka-topic and a --kafka-group/],
  ['a broker without a port', ['--kafka', 'a'], /must be host:port/],
  ['a password in the address of a broker', ['--to', 'kafka://me:pass@x:1/t'], /--kafka-user/],
  ['a topic that cannot be', ['--to', 'kafka://x:1/a b'], /with \{tag\} for the tag/],
  ['brokers without a topic', ['--to', 'kafka://x:1'], /must be kafka:\/\/host:port/],
  ['a flag without --kafka', ['--kafka-restore'], /--kafka-restore is about messages/],
  ['brokers of nothing', ['--kafka-tls'], /--kafka-tls is about --kafka and --to/],
  ['a flag of NATS', [...TO_TOPIC, '--nats-subject', 'a'], /give --to nats:/],
  ['a flag of Kafka', [...TO, '--kafka-max-message-bytes', '9'], /is about --to kafka:/],
  ['a topic and a stream', [...TOPIC, ...TO], /--kafka and --to take a process each/],
  ['a format of bytes', [...TOPIC, '--format', 'json'], /--format has no use with --kafka/],
  [
    'a format of the time in data',
    [...TOPIC, '--kafka-time', 'message', '--time-format', 'RFC3339'],
    /--time-format is about --kafka-time data/,
  ],
  [
    'a time in data where times are restored',
    [...TOPIC, '--kafka-restore', '--kafka-time', 'data'],
    /--kafka-restore restores times/,
  ],
  [
    'an end of what was not begun',
    [...TOPIC, '--kafka-until-empty', '--kafka-from', 'end'],
    /not with --kafka-from end/,
  ],
  ['a user without a password', [...TOPIC, '--kafka-user', 'me'], /a --kafka-password-file/],
  ['half a certificate', [...TO_TOPIC, '--kafka-key', 'a'], /belong together/],
  ['indexers beside a topic', [...TO_TOPIC, '--tls-conns', 'a'], /--tls-conns is about indexers/],
  ['a subject with a wildcard', [...TO, '--nats-subject', 'a.*'], /without white space/],
])('what cannot be used is said: %s', async (_what, flags, message) => {
  expect(await refusal(flags)).toMatch(message);
});
