import { connect } from '@nats-io/transport-node';
import { JetStreamSink } from '@ringest/nats';

/** What a publisher is told to do. */
export interface ToPublisher {
  readonly kind: 'publish';
  /** The subject. */
  readonly stream: string;
  readonly duration: number;
}

/** What a publisher says. */
export type FromPublisher =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'published';
      /** Messages that the stream has. */
      readonly messages: number;
      readonly seconds: number;
    };

const MESSAGE_BYTES = 256;
/** Messages between two looks at the clock. */
const BATCH = 64;
const DATA = Buffer.alloc(MESSAGE_BYTES, 'a line of a log, ');

/** A publisher in a process of its own, to the server that its argument names. */
const connection = await connect({ servers: process.argv[2] as string, noAsyncTraces: true });
const sink = new JetStreamSink({ connection, subject: '{tag}' });

process.on('message', (message: ToPublisher) => void publish(message));
process.on('disconnect', () => process.exit());
tell({ kind: 'ready' });

async function publish({ stream, duration }: ToPublisher): Promise<void> {
  const start = performance.now();
  let messages = 0;
  do {
    for (let i = 0; i < BATCH; i++) {
      const wait = sink.write({ tag: stream, timestamp: Date.now(), data: DATA });
      if (wait) await wait;
    }
    messages += BATCH;
  } while (performance.now() - start < duration);
  await sink.flush();
  tell({ kind: 'published', messages, seconds: (performance.now() - start) / 1000 });
}

function tell(message: FromPublisher): void {
  process.send?.(message);
}
