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
  ['half a certificate', [...QUEUE, '--nats-cert', 'a'], /belong together/],
  ['subjects without a stream to make', [...TO, '--nats-subjects', 'a'], /give --nats-create/],
  ['indexers beside a queue', [...TO, '--clear-conns', 'a'], /--clear-conns is about indexers/],
  ['a secret of indexers', [...TO, '--ingest-secret', 'a'], /--ingest-secret is about indexers/],
  ['a subject with a wildcard', [...TO, '--nats-subject', 'a.*'], /without white space/],
])('what cannot be used is said: %s', async (_what, flags, message) => {
  expect(await refusal(flags)).toMatch(message);
});
