import {
  answerChallenge,
  encodeChallengeResponse,
  encodeState,
  encodeTagRequest,
  hashSecret,
  type IndexerMessage,
  IndexerStreamDecoder,
  type IndexerTag,
  LimitError,
  State,
  type Tenant,
} from '@ringest/codec';
import {
  AuthenticationError,
  acceptIngester,
  ConnectionLostError,
  EntryReader,
  type HandshakeOptions,
  IngesterTimeoutError,
  TagNotGrantedError,
} from '@ringest/indexer';
import { AnswerQueue } from '@ringest/indexer/internal';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MemoryStream } from '../support/memory-stream.js';
import { cut } from '../support/sessions.js';

const SECRET_HASH = hashSecret('IngestSecrets');
const HOT = encodeState({ id: State.hot, info: '' });

interface Options extends Partial<HandshakeOptions> {
  readonly refuse?: string;
}

function start({ refuse, ...options }: Options = {}) {
  const stream = new MemoryStream();
  const accepted = acceptIngester(stream, {
    secretHash: SECRET_HASH,
    negotiateTag(name) {
      if (name === refuse) throw new TagNotGrantedError(name, 'it is not wanted');
      return name.length as IndexerTag;
    },
    ...options,
  });
  accepted.catch(() => {});
  return { stream, accepted };
}

/** Everything the indexer has said so far. */
function said(stream: MemoryStream): IndexerMessage[] {
  const decoder = new IndexerStreamDecoder();
  decoder.push(stream.output);
  const messages: IndexerMessage[] = [];
  for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
    messages.push(message);
  }
  return messages;
}

function response(stream: MemoryStream, tenant?: Tenant): Buffer {
  const [challenge] = said(stream);
  if (challenge?.kind !== 'challenge') throw new Error('no challenge');
  return encodeChallengeResponse(answerChallenge(challenge, SECRET_HASH), tenant);
}

describe('an ingester that is gone as soon as it is let in', () => {
  it('is lost to whoever takes over, and nothing else is', async () => {
    const { stream, accepted } = start();
    stream.receive(Buffer.concat([response(stream), encodeTagRequest(['a']), HOT]));
    stream.failure = new Error('write ECONNRESET');
    const { rest } = await accepted;
    const handler = { onEntry() {}, isReady: () => true, negotiateTag: () => 1 as IndexerTag };
    const reader = new EntryReader(stream, { ...handler, onIdentity() {}, onIngesterState() {} });
    await expect(reader.run(rest)).rejects.toThrow('ECONNRESET');
  });
});

describe('accepting an ingester', () => {
  it('answers its messages and hands over what came after them', async () => {
    const { stream, accepted } = start();
    const after = Buffer.from('after');
    const bytes = [response(stream), encodeTagRequest(['a', 'bb']), HOT, after];
    stream.receive(Buffer.concat(bytes));
    expect(await accepted).toEqual({ tenant: undefined, tags: ['a', 'bb'], rest: after });
    expect(stream.isPaused()).toBe(true);
    expect(said(stream).slice(1)).toEqual([
      { kind: 'state', id: State.authenticated, info: '' },
      {
        kind: 'tagResponse',
        count: 2,
        tags: new Map([
          ['a', 1],
          ['bb', 2],
        ]),
      },
    ]);
  });

  it('works byte by byte, and reads the tenant', async () => {
    const { stream, accepted } = start();
    const tenant = { name: 'acme', version: 9 };
    const bytes = Buffer.concat([response(stream, tenant), encodeTagRequest(['a']), HOT]);
    for (const byte of cut(bytes, [1])) stream.receive(byte);
    expect(await accepted).toMatchObject({ tenant, tags: ['a'] });
  });

  it('tells an ingester without the secret, and ends the stream', async () => {
    const { stream, accepted } = start();
    stream.receive(Buffer.alloc(32));
    await expect(accepted).rejects.toThrow(AuthenticationError);
    expect(said(stream)[1]).toMatchObject({ id: State.notAuthenticated });
    expect(stream.writableEnded).toBe(true);
  });

  it('refuses all tags when one cannot be had', async () => {
    const { stream, accepted } = start({ refuse: 'bb' });
    stream.receive(Buffer.concat([response(stream), encodeTagRequest(['a', 'bb'])]));
    await expect(accepted).rejects.toThrow(TagNotGrantedError);
    expect(said(stream)[2]).toEqual({ kind: 'tagResponse', count: 0, tags: new Map() });
    expect(stream.writableEnded).toBe(true);
  });

  it('gives up when it takes too long', async () => {
    const { stream, accepted } = start({ timeoutMs: 20 });
    stream.receive(response(stream));
    await expect(accepted).rejects.toThrow(IngesterTimeoutError);
    expect(stream.writableEnded).toBe(true);
  });

  it('does not count the time in which the answer waits to be checked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    let check: (() => void) | undefined;
    class BusyQueue extends AnswerQueue {
      override ask(...[challenge, hash, _origin, answered]: Parameters<AnswerQueue['ask']>) {
        check = () => answered(answerChallenge(challenge, hash));
        return () => {};
      }
    }
    const { stream, accepted } = start({ timeoutMs: 5000, answers: new BusyQueue() });
    const ended = vi.fn();
    accepted.catch(ended);
    vi.advanceTimersByTime(4000);
    stream.receive(response(stream));
    while (check === undefined) await new Promise(setImmediate);
    vi.advanceTimersByTime(60_000);
    check();
    await vi.advanceTimersByTimeAsync(999);
    expect(said(stream)[1]).toMatchObject({ id: State.authenticated });
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(accepted).rejects.toThrow(IngesterTimeoutError);
  });

  it('counts the time from when the connection was accepted', async () => {
    const { accepted } = start({ acceptedAt: performance.now() - 4990 });
    await expect(accepted).rejects.toThrow(/within 5000 ms/);
  });

  it('tells how far the ingester has come', async () => {
    const stages: string[] = [];
    const onProgress = (stage: string) => stages.push(stage);
    const right = start({ onProgress });
    expect(stages).toEqual([]);
    right.stream.receive(Buffer.concat([response(right.stream), encodeTagRequest([]), HOT]));
    await right.accepted;
    expect(stages.splice(0)).toEqual(['answered', 'authenticated']);
    const wrong = start({ onProgress });
    wrong.stream.receive(Buffer.alloc(32));
    await expect(wrong.accepted).rejects.toThrow(AuthenticationError);
    expect(stages).toEqual(['answered']);
  });

  it('forgets the answer of an ingester that leaves while it is checked', async () => {
    const stages: string[] = [];
    const answers = new AnswerQueue();
    const left = start({ answers, onProgress: (stage) => stages.push(stage) });
    const answer = response(left.stream);
    left.stream.receive(answer);
    left.stream.receiveEnd();
    await expect(left.accepted).rejects.toThrow(ConnectionLostError);
    const next = start({ answers });
    next.stream.receive(Buffer.concat([response(next.stream), encodeTagRequest([]), HOT]));
    await next.accepted;
    expect(stages).toEqual(['answered']);
    expect(said(left.stream)).toHaveLength(1);
  });

  it('fails at once when its stream is gone already', async () => {
    const stream = new MemoryStream();
    stream.destroy();
    const negotiateTag = () => 1 as IndexerTag;
    const accepted = acceptIngester(stream, { secretHash: SECRET_HASH, negotiateTag });
    await expect(accepted).rejects.toThrow(ConnectionLostError);
  });

  it('fails when the ingester leaves, or its stream breaks', async () => {
    const left = start();
    left.stream.receiveEnd();
    await expect(left.accepted).rejects.toThrow(ConnectionLostError);
    const broken = start();
    broken.stream.destroy(new Error('cable cut'));
    await expect(broken.accepted).rejects.toThrow(ConnectionLostError);
  });

  it('fails when a length is beyond its limit, before its bytes arrive', async () => {
    const { stream, accepted } = start();
    stream.receive(response(stream));
    stream.receive(Buffer.from([1, 0, 0, 2]));
    await expect(accepted).rejects.toThrow(LimitError);
  });
});
