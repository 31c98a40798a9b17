import { connect } from '@nats-io/transport-node';
import { IngestMuxer } from '@ringest/core';
import { JetStreamSource } from '@ringest/nats';
import { allHot } from '../shared/all-hot.js';
import { SECRET, TAG } from './muxer-run.js';

/** What a taker is told to do: to take the messages of a consumer, and to stop that. */
export type ToTaker =
  | { readonly kind: 'take'; readonly stream: string; readonly consumer: string }
  | { readonly kind: 'stop' };

/** What a taker says. */
export type FromTaker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'stopped';
      /** Messages whose entries are confirmed. */
      readonly messages: number;
    };

/** A taker in a process of its own, from the server to the indexer that its arguments name. */
const [servers, target] = process.argv.slice(2) as [string, string];
const connection = await connect({ servers, noAsyncTraces: true });
const muxer = new IngestMuxer({ targets: [target], secret: SECRET, selfIngest: false });
muxer.start();
await allHot(muxer);
let source: JetStreamSource | undefined;

process.on('message', (message: ToTaker) => {
  void (message.kind === 'take' ? take(message) : stop());
});
process.on('disconnect', () => process.exit());
tell({ kind: 'ready' });

async function take({ stream, consumer }: Extract<ToTaker, { kind: 'take' }>): Promise<void> {
  source = await JetStreamSource.open(muxer, { connection, stream, consumer, tag: TAG });
  await source.run();
}

async function stop(): Promise<void> {
  await source?.stop();
  tell({ kind: 'stopped', messages: source?.stats().acknowledged ?? 0 });
}

function tell(message: FromTaker): void {
  process.send?.(message);
}
