import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import type { FromCache } from '@ringest/cache/internal';
import { MessageBatch } from '@ringest/cache/internal';
import { expect, onTestFinished, test } from 'vitest';

const appended = (key: number): FromCache => {
  return { kind: 'appended', key, segment: 1, sequence: key, nextSequence: key + 1 };
};

function newOutbox() {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  return { outbox: new MessageBatch(port1), port: port2 };
}

test('what is said of every block in one turn comes in one message', async () => {
  const { outbox, port } = newOutbox();
  const said = [appended(1), { kind: 'size', bytes: 1, entries: 1 } as const, appended(2)];
  for (const message of said) outbox.post(message);
  expect(await once(port, 'message')).toEqual([said]);
  outbox.post(appended(3));
  expect(await once(port, 'message')).toEqual([[appended(3)]]);
});

test('all else comes at once, and after what was said before', async () => {
  const { outbox, port } = newOutbox();
  const removed = { kind: 'removed', segment: 1 } as const;
  outbox.post(appended(1));
  outbox.post(removed);
  outbox.post(appended(2));
  expect(await once(port, 'message')).toEqual([[appended(1), removed]]);
  expect(await once(port, 'message')).toEqual([[appended(2)]]);
});
