import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OutputChoice } from '../queues/publisher.js';
import type { QueueChoice } from '../queues/queue.js';
import { refuseGiven } from './given-flags.js';
import {
  addKafkaAccessFlags,
  addKafkaInputFlags,
  addKafkaOutputFlags,
  type KafkaPlace,
  kafkaPlace,
  readKafkaInput,
  readKafkaOutput,
} from './kafka-flags.js';
import {
  addNatsAccessFlags,
  addNatsInputFlags,
  addNatsOutputFlags,
  natsServers,
  readNatsInput,
  readNatsOutput,
} from './nats-flags.js';

type OutputPlace =
  | { readonly kind: 'nats'; readonly servers: readonly string[] }
  | ({ readonly kind: 'kafka' } & KafkaPlace);

/** How indexers are reached: of no use where entries go to a queue. */
const TARGET_FLAGS = [
  ...['clearConns', 'tlsConns', 'pipeConns', 'tlsCa', 'tlsCert', 'tlsKey', 'insecureNoTlsValidate'],
  ...['ingestSecret', 'ingestSecretFile', 'ingestTenant', 'compression'],
];

/** Adds the flags that {@link readQueues} reads for inputs. */
export function addQueueInputFlags(command: Command): void {
  addNatsInputFlags(command);
  addKafkaInputFlags(command);
}

/** Adds the flags that {@link readQueues} reads for an output, and those about servers. */
export function addQueueOutputFlags(command: Command): void {
  command
    .optionsGroup('Where entries go, if there is no indexer to reach:')
    .addOption(
      new Option(
        '--to <urls>',
        'publish entries to a stream of NATS JetStream: nats://host:4222,…; or to a topic of Kafka: ' +
          'kafka://host:9092,…/topic, with {tag} for the tag',
      ).argParser(outputPlace),
    );
  addNatsOutputFlags(command);
  addKafkaOutputFlags(command);
  addNatsAccessFlags(command);
  addKafkaAccessFlags(command);
}

/**
 * Reads these flags of a command that is parsed. A flag without use ends the command.
 * @param hasOthers whether there are other inputs, for which flags may be
 */
export function readQueues(
  command: Command,
  hasOthers: boolean,
): { readonly queues: readonly QueueChoice[]; readonly to: OutputChoice | undefined } {
  const { to } = command.opts<{ to?: OutputPlace }>();
  const nats = to?.kind === 'nats' ? to.servers : undefined;
  const kafka = to?.kind === 'kafka' ? to : undefined;
  const inputs = [
    readNatsInput(command, hasOthers, nats !== undefined),
    readKafkaInput(command, hasOthers, kafka !== undefined),
  ];
  const queues = inputs.filter((input) => input !== undefined);
  const [input] = queues;
  if (to !== undefined) {
    if (input !== undefined) {
      command.error(`error: --${input.kind} and --to take a process each`);
    }
    refuseGiven(command, TARGET_FLAGS, 'is about indexers, and entries go to --to');
  }
  const outputs = [readNatsOutput(command, nats), readKafkaOutput(command, kafka)];
  return { queues, to: outputs.find((output) => output !== undefined) };
}

function outputPlace(text: string): OutputPlace {
  if (text.startsWith('kafka:')) return { kind: 'kafka', ...kafkaPlace(text) };
  if (/^(?:nats|tls):/.test(text)) return { kind: 'nats', servers: natsServers(text) };
  throw new InvalidArgumentError(
    'It must be nats://host:port,… or tls://host:port,…, or kafka://host:port,…/topic.',
  );
}
