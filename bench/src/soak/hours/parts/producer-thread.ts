import { parentPort, workerData } from 'node:worker_threads';
import { openProducer, type ProducerHandle } from '@ringest/core';
import { tagOf } from '../soak-entries.js';
import type { FromThread, StreamSettings } from './ingester-messages.js';
import { StreamWriter, untilTaken } from './stream-writer.js';

/** A thread that writes one stream by a producer. */
const { handle, settings } = workerData as { handle: ProducerHandle; settings: StreamSettings };
const tell = (message: FromThread) => parentPort?.postMessage(message);
const producer = openProducer(handle);
const writer = new StreamWriter(producer, producer.getTag(tagOf(settings.stream)), settings, tell);
parentPort?.once('message', () => writer.end());
await writer.run();
await untilTaken(() => producer.sync());
writer.close();
await producer.close();
