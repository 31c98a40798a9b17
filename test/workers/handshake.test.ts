import {
  answerChallenge,
  Compression,
  encodeChallenge,
  encodeState,
  hashSecret,
  State,
} from '@ringest/codec';
import {
  HandshakeReader,
  type HandshakeTask,
  handshake,
  TagRequests,
  Turn,
} from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';

const secretHash = hashSecret('IngestSecrets');
const challenge = (iterations: number) => ({
  iterations,
  random: Buffer.alloc(32, 7),
  version: 9,
});

const LONG = 60_000;
const trust = { ca: undefined, servername: undefined, client: undefined };
const retries = { firstRetry: LONG, mostRetry: LONG };
const task: HandshakeTask = {
  endpoint: {
    address: 'a test',
    transport: { kind: 'pipe', path: '/none' },
    tenant: '',
    compression: Compression.none,
  },
  credentials: { secretHash, tls: { ...trust, insecureSkipVerify: false } },
  identity: { name: 'a test', version: '1', uuid: '00000000-0000-0000-0000-000000000000' },
  minVersion: 0,
  times: {
    ...{ dial: LONG, tls: LONG, handshake: LONG, notReady: LONG },
    ...{ silence: LONG, confirmation: LONG, ...retries },
  },
};

/** A handshake whose indexer is the test; `write` is told what the lane says. */
function begin(iterations: number, write: (bytes: Uint8Array) => void = () => {}) {
  const inbox = new HandshakeReader();
  let turnHasEnded = false;
  const turn = new Turn(
    () => {
      turnHasEnded = false;
    },
    () => {
      turnHasEnded = true;
    },
  );
  const ended = handshake(task, new TagRequests(['test']), inbox, write, turn);
  ended.catch(() => {});
  inbox.received(encodeChallenge(challenge(iterations)));
  return {
    inbox,
    ended,
    turn,
    turnHasEnded: () => turnHasEnded,
    end: () => inbox.fail(new Error('end')),
  };
}

const eventLoopTurn = () => new Promise(setImmediate);

describe('the answer to a challenge', () => {
  it('is worked out in steps, between which the event loop has its turn', async () => {
    const said: Uint8Array[] = [];
    const { end } = begin(10_000, (bytes) => said.push(bytes));
    let turns = 0;
    for (; said.length === 0; turns++) await eventLoopTurn();
    expect(turns).toBeGreaterThanOrEqual(100);
    expect(said).toEqual([answerChallenge(challenge(10_000), secretHash)]);
    end();
  });

  it('is worked out for one lane after the other, in the order of their challenges', async () => {
    const answered: number[] = [];
    let turns = 0;
    const lanes = [3000, 100, 1000].map((iterations, i) =>
      begin(iterations, () => answered.push(i)),
    );
    for (; answered.length < 3; turns++) await eventLoopTurn();
    expect(answered).toEqual([0, 1, 2]);
    expect(turns).toBeGreaterThanOrEqual(41);
    for (const { end } of lanes) end();
  });

  it('is not worked out to its end for a connection that is lost, and the next one is', async () => {
    const said: string[] = [];
    const lost = begin(65_535, () => said.push('lost'));
    const waiting = begin(65_535, () => said.push('waiting'));
    const next = begin(1, () => said.push('next'));
    await eventLoopTurn();
    lost.inbox.fail(new Error('connection lost'));
    waiting.inbox.fail(new Error('connection lost'));
    await expect(lost.ended).rejects.toThrow('connection lost');
    await expect(waiting.ended).rejects.toThrow('connection lost');
    while (said.length === 0) await eventLoopTurn();
    expect(said).toEqual(['next']);
    next.end();
  });
});

describe('the turn of a lane that comes up', () => {
  it('ends when it is let in', async () => {
    let hasAnswered = false;
    const { inbox, turnHasEnded, end } = begin(1, () => {
      hasAnswered = true;
    });
    while (!hasAnswered) await eventLoopTurn();
    expect(turnHasEnded()).toBe(false);
    inbox.received(encodeState({ id: State.authenticated, info: '' }));
    while (!turnHasEnded()) await eventLoopTurn();
    end();
  });

  it('counts again when the challenge comes after it has ended', async () => {
    let hasAnswered = false;
    const { turn, turnHasEnded, end } = begin(1, () => {
      hasAnswered = true;
    });
    turn.end();
    expect(turnHasEnded()).toBe(true);
    while (!hasAnswered) await eventLoopTurn();
    expect(turnHasEnded()).toBe(false);
    end();
  });
});
