import type { NatsConnection } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import type { NodeProcess } from '../../support/node-process.js';
import { NumberIndexer } from '../../support/number-indexer.js';
import { scaled, soak } from '../../support/scale.js';
import { eventually } from '../../support/waiting.js';
import { pull } from './natsd.js';

const COUNT = scaled(6000, 10_000_000);
const LIMIT_MS = scaled(60_000, 3_600_000);
/** Beside processes that keep the machine busy, signs of work come late. */
const ACK_WAIT_NS = scaled(2, 10) * 1e9;
const PROCESSES = 3;
/** Messages that are sent before the server says how many it has. */
const BURST = 20_000;

/** Sends numbers, and waits until the stream has them. */
async function sendNumbers(server: NatsServer, connection: NatsConnection): Promise<void> {
  for (let number = 0; number < COUNT; ) {
    const end = Math.min(COUNT, number + BURST);
    for (; number < end; number++) connection.publish('events.test', `${number}`);
    await connection.flush();
  }
  const stored = async () => (await server.left(connection)).toDeliver;
  await eventually(async () => expect(await stored()).toBe(COUNT));
}

it.skipIf(isNatsMissing)(
  'three processes on one consumer lose nothing while each is killed in turn',
  async () => {
    const server = await NatsServer.start();
    const connection = await server.stream({ ack_wait: ACK_WAIT_NS, max_ack_pending: 30_000 });
    await sendNumbers(server, connection);
    const indexer = await NumberIndexer.start(COUNT);
    const begun = performance.now();
    const start = () => pull(server, indexer, '--nats-until-empty', '--json');
    const processes = Array.from({ length: PROCESSES }, start);
    const killed: NodeProcess[] = [];
    for (let turn = 0; turn < PROCESSES; turn++) {
      await indexer.distinct((COUNT * (turn + 1)) / (PROCESSES + 2), LIMIT_MS);
      const one = processes[turn] as NodeProcess;
      killed.push(one);
      await one.end('SIGKILL');
      processes[turn] = start();
    }
    for (const one of processes) expect(await one.end(), one.stderr).toBe(0);
    expect(indexer.missing()).toEqual([]);
    expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 });
    const { delivered } = await server.consumer(connection);
    const again = processes.map((one) => one.lastJson<Ended>().queues[0].redelivered);
    const redelivered = again.reduce((sum, count) => sum + count, 0);
    // Every delivery beyond the first of a message is one that some process has counted, or was killed with.
    expect(delivered.consumer_seq - COUNT).toBeGreaterThanOrEqual(redelivered);
    expect(indexer.entries - COUNT).toBeLessThanOrEqual(delivered.consumer_seq - COUNT);
    if (soak.isOn) {
      const figures = { deliveries: delivered.consumer_seq, redelivered, entries: indexer.entries };
      console.log(`${COUNT} messages in ${Math.round(performance.now() - begun)} ms:`, figures);
    }
  },
  LIMIT_MS,
);

interface Ended {
  readonly queues: readonly [{ readonly redelivered: number }];
}
