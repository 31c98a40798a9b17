import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import type { TopicRule } from '@ringest/kafka';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { KafkaAccess, KafkaInput, KafkaSasl } from '../queues/kafka/kafka-options.js';
import { hostOf } from '../queues/nats/nats-options.js';
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
  kafkaUser?: string;
  kafkaPasswordFile?: string;
  kafkaSasl: KafkaSasl['mechanism'];
  kafkaTls: boolean;
  kafkaCa?: string;
  kafkaCert?: string;
  kafkaKey?: string;
}

interface InputFlags {
  kafka?: readonly string[];
  kafkaTopic?: readonly string[];
  kafkaGroup?: string;
  kafkaTag: readonly TopicRule[];
  kafkaTime?: KafkaInput['time'];
  kafkaSourceHeader?: string;
  kafkaHeaders: KafkaInput['headers'];
  kafkaMessageKey?: string;
  kafkaMetadata: boolean;
  kafkaRestore: boolean;
  kafkaPoison: KafkaInput['poison'];
  kafkaFrom: KafkaInput['from'];
  kafkaMaxUnconfirmed: number;
  kafkaSessionTimeout: number;
  kafkaUntilEmpty: boolean;
}

interface OutputFlags {
  kafkaMaxMessageBytes: number;
}

/** Where entries are published, as `--to` says. */
export interface KafkaPlace {
  readonly brokers: readonly string[];
  readonly topic: string;
}

const MAX_UNCONFIRMED = 1_000_000;
const MAX_MESSAGE_BYTES = 2 ** 30;
const INPUT_FLAGS = [
  ...['kafkaTopic', 'kafkaGroup', 'kafkaTag', 'kafkaTime', 'kafkaSourceHeader', 'kafkaHeaders'],
  ...['kafkaMessageKey', 'kafkaMetadata', 'kafkaRestore', 'kafkaPoison', 'kafkaFrom'],
  ...['kafkaMaxUnconfirmed', 'kafkaSessionTimeout', 'kafkaUntilEmpty'],
];
const ACCESS_FLAGS = [
  ...['kafkaUser', 'kafkaPasswordFile', 'kafkaSasl', 'kafkaTls', 'kafkaCa', 'kafkaCert'],
  'kafkaKey',
];

/** Adds the flags that {@link readKafkaInput} reads, but those about brokers. */
export function addKafkaInputFlags(command: Command): void {
  command
    .optionsGroup('What comes from Kafka:')
    .addOption(
      new Option(
        '--kafka <brokers>',
        'take the messages of topics, and commit their offsets once they are confirmed: host:9092,…',
      ).argParser(brokers),
    )
    .option('--kafka-topic <names>', 'the topics: a,b,…', topics)
    .option('--kafka-group <name>', 'the consumer group; any number of processes may be in one')
    .addOption(
      new Option(
        '--kafka-tag <topic=tag>',
        "the tag of topics: 'logs.*.web=web-{2}'; others have --tag; may be repeated",
      )
        .argParser(repeated(topicRule))
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--kafka-time <where>',
        'the time of entries: data, message (also if none is in the data), arrival or header:NAME ' +
          '(default: data; with --kafka-restore, message)',
      ).argParser(timePlace('message')),
    )
    .option('--kafka-source-header <name>', 'the header with the source')
    .addOption(
      new Option('--kafka-headers <names>', 'headers that become enumerated values: A,B,… or all')
        .argParser(headerNames)
        .default([], 'none'),
    )
    .option('--kafka-message-key <name>', 'the enumerated value that gets the key of messages')
    .option(
      '--kafka-metadata',
      'attach the place of messages as enumerated values: topic, partition, offset',
      false,
    )
    .option('--kafka-restore', 'messages of --to become the entries that they were', false)
    .addOption(
      new Option('--kafka-poison <what>', 'what becomes of a message of which no entry can be made')
        .choices(['skip', 'stop'])
        .default('skip'),
    )
    .addOption(
      new Option('--kafka-from <where>', 'where a group begins that has committed nothing')
        .choices(['beginning', 'end'])
        .default('beginning'),
    )
    .option(
      '--kafka-max-unconfirmed <n>',
      'messages that are here and not committed, at most',
      wholeNumber(1, MAX_UNCONFIRMED),
      10_000,
    )
    .addOption(
      new Option(
        '--kafka-session-timeout <time>',
        'the partitions of a process that is silent for so long go to others',
      )
        .argParser(positiveDuration)
        .default(30_000, '30s'),
    )
    .option(
      '--kafka-until-empty',
      'end once the group has committed every message, by whichever process',
      false,
    );
}

/** Adds the flag that {@link readKafkaOutput} reads beside `--to` and those about brokers. */
export function addKafkaOutputFlags(command: Command): void {
  command.option(
    '--kafka-max-message-bytes <n>',
    'the most bytes of a message that the brokers take',
    wholeNumber(1, MAX_MESSAGE_BYTES),
    2 ** 20,
  );
}

/** Adds the flags about brokers. */
export function addKafkaAccessFlags(command: Command): void {
  command
    .optionsGroup('How Kafka brokers are reached (--kafka, --to):')
    .option('--kafka-user <name>', 'a user (default: $KAFKA_USER)')
    .option('--kafka-password-file <file>', 'a file with the password (default: $KAFKA_PASSWORD)')
    .addOption(
      new Option('--kafka-sasl <mechanism>', 'how the password is shown')
        .choices(['plain', 'scram-sha-256', 'scram-sha-512'])
        .default('scram-sha-512'),
    )
    .option('--kafka-tls', 'speak TLS', false)
    .option(
      '--kafka-ca <file>',
      'PEM certificates of those who may vouch for brokers; asks for TLS',
    )
    .option('--kafka-cert <file>', 'the PEM certificate to show to brokers; asks for TLS')
    .option('--kafka-key <file>', 'the PEM key of that certificate');
}

/**
 * Reads these flags of a command that is parsed. A flag without use ends the command.
 * @param hasOthers whether there are other inputs, for which flags may be
 * @param isOutput whether entries go to Kafka, for which flags may be too
 */
export function readKafkaInput(
  command: Command,
  hasOthers: boolean,
  isOutput: boolean,
): KafkaInput | undefined {
  const flags = command.opts<InputFlags>();
  if (flags.kafka === undefined) {
    refuseGiven(command, INPUT_FLAGS, 'is about messages: give --kafka');
    if (!isOutput) refuseGiven(command, ACCESS_FLAGS, 'is about --kafka and --to kafka://…');
    return undefined;
  }
  const { kafkaTopic: topics, kafkaGroup: group, kafkaRestore: restores } = flags;
  if (topics === undefined || group === undefined || group === '') {
    command.error('error: --kafka takes a --kafka-topic and a --kafka-group');
  }
  const time = flags.kafkaTime ?? (restores ? 'message' : 'data');
  if (restores && time === 'data') {
    command.error('error: --kafka-restore restores times: --kafka-time data has no use with it');
  }
  if (flags.kafkaUntilEmpty && flags.kafkaFrom === 'end') {
    command.error('error: --kafka-until-empty is about every message: not with --kafka-from end');
  }
  if (!hasOthers) refuseFraming(command, '--kafka', time === 'data');
  return {
    kind: 'kafka',
    ...readAccess(command, flags.kafka),
    ...{ topics, group, time, restores },
    rules: flags.kafkaTag,
    sourceHeader: flags.kafkaSourceHeader,
    headers: flags.kafkaHeaders,
    key: flags.kafkaMessageKey,
    metadata: flags.kafkaMetadata,
    poison: flags.kafkaPoison,
    from: flags.kafkaFrom,
    maxUnconfirmed: flags.kafkaMaxUnconfirmed,
    sessionTimeoutMs: flags.kafkaSessionTimeout,
    endsWhenEmpty: flags.kafkaUntilEmpty,
  };
}

/** Reads these flags of a command that is parsed. A flag without use ends the command. */
export function readKafkaOutput(
  command: Command,
  place: KafkaPlace | undefined,
): OutputChoice | undefined {
  if (place === undefined) {
    refuseGiven(command, ['kafkaMaxMessageBytes'], 'is about --to kafka://…');
    return undefined;
  }
  const { brokers, topic } = place;
  const [first = ''] = brokers;
  return {
    kind: 'kafka',
    ...readAccess(command, brokers),
    topic,
    maxMessageBytes: command.opts<OutputFlags>().kafkaMaxMessageBytes,
    name: `kafka://${brokers.join(',')} ${topic}`,
    host: hostOf(`kafka://${first}`),
  };
}

function readAccess(command: Command, brokers: readonly string[]): KafkaAccess {
  const flags = command.opts<AccessFlags>();
  const { kafkaCa: ca, kafkaCert: cert, kafkaKey: key } = flags;
  if ((cert === undefined) !== (key === undefined)) {
    command.error('error: --kafka-cert and --kafka-key belong together');
  }
  return {
    brokers,
    sasl: readSasl(command, flags),
    usesTls: flags.kafkaTls || ca !== undefined || cert !== undefined,
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  };
}

function readSasl(command: Command, flags: AccessFlags): KafkaSasl | undefined {
  const { KAFKA_USER, KAFKA_PASSWORD } = process.env;
  const username = flags.kafkaUser ?? (KAFKA_USER || undefined);
  if (username === undefined) {
    refuseGiven(command, ['kafkaPasswordFile', 'kafkaSasl'], 'is about a --kafka-user');
    return undefined;
  }
  const password = readPassword('--kafka-password-file', flags.kafkaPasswordFile) ?? KAFKA_PASSWORD;
  if (password === undefined) {
    command.error('error: --kafka-user takes a --kafka-password-file, or $KAFKA_PASSWORD');
  }
  return { mechanism: flags.kafkaSasl, username, password };
}

function brokers(text: string): readonly string[] {
  const addresses = list(text);
  for (const address of addresses) {
    if (!/^[^/@\s]+:\d{1,5}$/.test(address) || !URL.canParse(`kafka://${address}`)) {
      throw new InvalidArgumentError(
        'It must be host:port,…; who it is, is for --kafka-user and --kafka-password-file.',
      );
    }
  }
  return addresses;
}

/** Parses `kafka://host:port,…/topic`. */
export function kafkaPlace(text: string): KafkaPlace {
  const [, addresses = '', topic = ''] = /^kafka:\/\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (isTopic(topic.replaceAll('{tag}', 'x'))) return { brokers: brokers(addresses), topic };
  throw new InvalidArgumentError('It must be kafka://host:port,…/topic, with {tag} for the tag.');
}

function topics(text: string): readonly string[] {
  const names = list(text);
  if (names.every(isTopic)) return names;
  throw new InvalidArgumentError('It must be names of topics: letters, digits, dots, - and _.');
}

/** As `@ringest/kafka` has it, which is loaded only once it is needed. */
const isTopic = (name: string): boolean => /^[\w.-]{1,249}$/.test(name);

function topicRule(text: string): TopicRule {
  const [topic, tag] = patternAndTag('topic')(text);
  return { topic, tag };
}
