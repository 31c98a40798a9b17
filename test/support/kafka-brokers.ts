import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Kafka, logLevel, type Message, type PartitionerArgs } from 'kafkajs';
import { onTestFinished } from 'vitest';
import { Changes } from './changes.js';

const { CI } = process.env;

/** Whether tests have to be skipped, because the program `kcat` is not there (Debian's package of that name). */
export const isKcatMissing: boolean =
  CI === undefined && spawnSync('kcat', ['-V']).error !== undefined;

const QUICK = { initialRetryTime: 50, maxRetryTime: 500, retries: 5 };

/** A member that fetches often, and that is not dropped from its group on a busy machine. */
export const MEMBER = { heartbeatInterval: 100, sessionTimeout: 30_000, maxWaitTimeInMs: 50 };

/**
 * Three brokers of librdkafka's mock cluster, until the test is finished: `kcat` has them in its process. They speak
 * Kafka's protocol over TCP and keep messages, groups and offsets in memory. A topic begins to exist when a client asks
 * for it, with four partitions. A group that was empty waits three seconds for more members.
 */
export class KafkaBrokers {
  readonly addresses: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, addresses: string) {
    this.#child = child;
    this.addresses = addresses;
  }

  static async start(): Promise<KafkaBrokers> {
    const changes = new Changes();
    let log = '';
    const flags = ['-X', 'test.mock.num.brokers=3', '-b', 'mock', '-d', 'mock', '-P', '-t', 'none'];
    // It ends with its standard input, also when the process of the tests is killed.
    const child = spawn('kcat', flags, { stdio: ['pipe', 'ignore', 'pipe'] });
    const servers = /bootstrap\.servers=(\S+)/;
    child.stderr.on('data', (text) => {
      if (!servers.test(log)) log += text;
      changes.tell();
    });
    await changes.until('the brokers', () => servers.test(log));
    const brokers = new KafkaBrokers(child, servers.exec(log)?.[1] ?? '');
    onTestFinished(() => brokers.kill());
    return brokers;
  }

  /** A client, which says nothing. */
  client(): Kafka {
    const brokers = this.addresses.split(',');
    return new Kafka({ clientId: 'test', brokers, retry: QUICK, logLevel: logLevel.NOTHING });
  }

  /** Makes topics, each with four partitions. */
  async topics(...names: string[]): Promise<void> {
    const admin = this.client().admin();
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: names });
    await admin.disconnect();
  }

  async publish(topic: string, messages: Message[]): Promise<void> {
    const producer = this.client().producer({ createPartitioner: () => roundRobin() });
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  /** The offsets that a group has committed, of the partitions of a topic in their order; -1: none. */
  async committed(group: string, topic: string): Promise<number[]> {
    const admin = this.client().admin();
    await admin.connect();
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    await admin.disconnect();
    return (found?.partitions ?? [])
      .toSorted((one, other) => one.partition - other.partition)
      .map(({ offset }) => Number(offset));
  }

  /** They are gone for good. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'close');
    }
  }
}

/** A message whose partition is not given goes to the next one. */
function roundRobin() {
  let next = 0;
  return ({ partitionMetadata, message }: PartitionerArgs) =>
    message.partition ?? next++ % partitionMetadata.length;
}
