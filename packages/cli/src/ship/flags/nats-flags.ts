import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import type { SubjectRule } from '@ringest/nats';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { hostOf, type NatsAccess, type NatsInput } from '../queues/nats/nats-options.js';
import { readPassword } from '../queues/option-file.js';
import type { OutputChoice } from '../queues/publisher.js';
import { repeated } from './flag-values.js';
import {
  headerNames,
  list,
  patternAndTag,
  refuseFraming,
  refuseGiven,
  timePlace,
} from './given-flags.js';

interface AccessFlags {
  natsStream?: string;
  natsCreate: boolean;
  natsSubjects?: readonly string[];
  natsCreds?: string;
  natsUser?: string;
  natsPasswordFile?: string;
  natsCa?: string;
  natsCert?: string;
  natsKey?: string;
}

interface InputFlags {
  nats?: readonly string[];
  natsConsumer?: string;
  natsTag: readonly SubjectRule[];
  natsTime?: NatsInput['time'];
  natsSourceHeader?: string;
  natsHeaders: NatsInput['headers'];
  natsRestore: boolean;
  natsPoison: NatsInput['poison'];
  natsMaxDeliveries: number;
  natsMaxUnconfirmed: number;
  natsUntilEmpty: boolean;
}

interface OutputFlags {
  natsSubject: string;
  natsTimeout: number;
}

const MAX_UNCONFIRMED = 1_000_000;
/** The flags that are about an input alone, and those that are about both. */
const INPUT_FLAGS = [
  ...['natsConsumer', 'natsTag', 'natsTime', 'natsSourceHeader', 'natsHeaders', 'natsRestore'],
  ...['natsPoison', 'natsMaxDeliveries', 'natsMaxUnconfirmed', 'natsUntilEmpty'],
];
const ACCESS_FLAGS = [
  ...['natsStream', 'natsCreate', 'natsSubjects', 'natsCreds', 'natsUser', 'natsPasswordFile'],
  ...['natsCa', 'natsCert', 'natsKey'],
];
/** Adds the flags that {@link readNatsInput} reads, and those about servers. */
export function addNatsInputFlags(command: Command): void {
  command
    .optionsGroup('What comes from NATS JetStream:')
    .addOption(
      new Option(
        '--nats <urls>',
        'take the messages of a stream, and acknowledge them once they are confirmed: nats://host:4222,…',
      ).argParser(natsServers),
    )
    .option(
      '--nats-consumer <name>',
      'its durable consumer; any number of processes may share one',
      name,
    )
    .addOption(
      new Option(
        '--nats-tag <subject=tag>',
        "the tag of subjects: 'logs.*.web=web-{2}'; others have --tag; may be repeated",
      )
        .argParser(repeated(subjectRule))
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--nats-time <where>',
        'the time of entries: data, stored (also if none is in the data), arrival or header:NAME ' +
          '(default: data; with --nats-restore, stored)',
      ).argParser(timePlace('stored')),
    )
    .option('--nats-source-header <name>', 'the header with the source')
    .addOption(
      new Option('--nats-headers <names>', 'headers that become enumerated values: A,B,… or all')
        .argParser(headerNames)
        .default([], 'none'),
    )
    .option('--nats-restore', 'messages of --to become the entries that they were', false)
    .addOption(
      new Option('--nats-poison <what>', 'what becomes of a message of which no entry can be made')
        .choices(['terminate', 'retry'])
        .default('terminate'),
    )
    .option(
      '--nats-max-deliveries <n>',
      'how often such a message is delivered with retry',
      wholeNumber(1, MAX_UNCONFIRMED),
      5,
    )
    .option(
      '--nats-max-unconfirmed <n>',
      'messages that are here and not acknowledged, at most',
      wholeNumber(1, MAX_UNCONFIRMED),
      10_000,
    )
    .option('--nats-until-empty', 'end once every message is acknowledged, by whomever', false);
}

/** Adds the flags that {@link readNatsOutput} reads beside `--to` and those about servers. */
export function addNatsOutputFlags(command: Command): void {
  command
    .addOption(
      new Option('--nats-subject <subject>', 'the subject of entries')
        .argParser(subjectOfEntries)
        .default('ringest.{tag}'),
    )
    .addOption(
      new Option(
        '--nats-timeout <time>',
        'an entry that is not stored after so long is published again',
      )
        .argParser(positiveDuration)
        .default(5000, '5s'),
    );
}

/** Adds the flags about servers. */
export function addNatsAccessFlags(command: Command): void {
  command
    .optionsGroup('How NATS servers are reached (--nats, --to):')
    .option('--nats-stream <name>', 'the stream', name)
    .option('--nats-create', 'make the stream and the consumer if they are missing', false)
    .option('--nats-subjects <subjects>', 'what a stream that is made stores: a.>,b.*', list)
    .option('--nats-creds <file>', 'a file with credentials, as nsc writes it')
    .option('--nats-user <name>', 'a user (default: $NATS_USER)')
    .option('--nats-password-file <file>', 'a file with the password (default: $NATS_PASSWORD)')
    .option('--nats-ca <file>', 'PEM certificates of those who may vouch for servers; asks for TLS')
    .option('--nats-cert <file>', 'the PEM certificate to show to servers that ask for one')
    .option('--nats-key <file>', 'the PEM key of that certificate');
}

/**
 * Reads these flags of a command that is parsed. A flag without use ends the command.
 * @param hasOthers whether there are other inputs, for which flags may be
 * @param isOutput whether entries go to NATS, for which flags may be too
 */
export function readNatsInput(
  command: Command,
  hasOthers: boolean,
  isOutput: boolean,
): NatsInput | undefined {
  const flags = command.opts<InputFlags>();
  if (flags.nats === undefined) {
    refuseGiven(command, INPUT_FLAGS, 'is about messages: give --nats');
    if (!isOutput) refuseGiven(command, ACCESS_FLAGS, 'is about --nats and --to nats://…');
    return undefined;
  }
  const access = readAccess(command, flags.nats);
  const { stream } = access;
  const { natsConsumer: consumer, natsRestore: restores } = flags;
  if (stream === undefined || consumer === undefined) {
    command.error('error: --nats takes a --nats-stream and a --nats-consumer');
  }
  const time = flags.natsTime ?? (restores ? 'stored' : 'data');
  if (restores && time === 'data') {
    command.error('error: --nats-restore restores times: --nats-time data has no use with it');
  }
  if (flags.natsPoison !== 'retry') {
    refuseGiven(command, ['natsMaxDeliveries'], 'is about --nats-poison retry');
  }
  if (!hasOthers) refuseFraming(command, '--nats', time === 'data');
  return {
    kind: 'nats',
    ...access,
    ...{ stream, consumer, time, restores },
    rules: flags.natsTag,
    sourceHeader: flags.natsSourceHeader,
    headers: flags.natsHeaders,
    poison: flags.natsPoison,
    maxDeliveries: flags.natsMaxDeliveries,
    maxUnconfirmed: flags.natsMaxUnconfirmed,
    endsWhenEmpty: flags.natsUntilEmpty,
  };
}

/** Reads these flags of a command that is parsed. A flag without use ends the command. */
export function readNatsOutput(
  command: Command,
  servers: readonly string[] | undefined,
): OutputChoice | undefined {
  if (servers === undefined) {
    const why = 'is about entries that are published: give --to nats://…';
    refuseGiven(command, ['natsSubject', 'natsTimeout'], why);
    return undefined;
  }
  const { natsSubject: subject, natsTimeout: timeoutMs } = command.opts<OutputFlags>();
  const access = readAccess(command, servers);
  if (access.creates && access.stream === undefined) {
    command.error('error: --nats-create makes a stream for entries: give its --nats-stream');
  }
  const [first = ''] = servers;
  const place = { name: `${servers.join(',')} ${subject}`, host: hostOf(first) };
  return { kind: 'nats', ...access, ...place, subject, timeoutMs };
}

function readAccess(command: Command, servers: readonly string[]): NatsAccess {
  const flags = command.opts<AccessFlags>();
  const { natsCreds: credsFile, natsCa: ca, natsCert: cert, natsKey: key } = flags;
  const { natsCreate: creates, natsSubjects: subjects = [] } = flags;
  if (!creates && subjects.length > 0) {
    command.error('error: --nats-subjects is about a stream that is made: give --nats-create');
  }
  if ((cert === undefined) !== (key === undefined)) {
    command.error('error: --nats-cert and --nats-key belong together');
  }
  const { NATS_USER, NATS_PASSWORD } = process.env;
  const user = flags.natsUser ?? (credsFile === undefined ? NATS_USER || undefined : undefined);
  if (credsFile !== undefined) {
    const why = 'has no use with --nats-creds, which says who it is';
    refuseGiven(command, ['natsUser', 'natsPasswordFile'], why);
  }
  if (user === undefined && flags.natsPasswordFile !== undefined) {
    command.error('error: --nats-password-file is about a --nats-user');
  }
  const password = readPassword('--nats-password-file', flags.natsPasswordFile) ?? NATS_PASSWORD;
  return {
    ...{ servers, credsFile, user, creates, subjects },
    stream: flags.natsStream,
    password: user === undefined ? undefined : password,
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  };
}

/** Parses `nats://host:port,…`. */
export function natsServers(text: string): readonly string[] {
  const urls = list(text);
  for (const url of urls) {
    if (!/^(?:nats|tls):\/\/[^/@]+\/?$/.test(url) || !URL.canParse(url)) {
      throw new InvalidArgumentError(
        'It must be nats://host:port,… or tls://host:port,…; who it is, is for --nats-creds or --nats-user.',
      );
    }
  }
  return urls;
}

function name(text: string): string {
  if (/^[^\s.*>/\\]+$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a name without white space, dots, * and >.');
}

function subjectOfEntries(text: string): string {
  if (/^[^\s*>]+$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a subject without white space, * and >.');
}

function subjectRule(text: string): SubjectRule {
  const [subject, tag] = patternAndTag('subject')(text);
  return { subject, tag };
}
