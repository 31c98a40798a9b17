import type { Socket } from 'node:net';
import {
  API_VERSION,
  Compression,
  encodeChallenge,
  encodeConfirmApiVersion,
  encodeConfirmId,
  encodeConfirmIngestOk,
  encodeState,
  encodeStreamConfiguration,
  encodeTagResponse,
  type IngesterMessage,
  IngesterStreamDecoder,
  State,
} from '@ringest/codec';

/** What an indexer says in a handshake, in this order. */
export const STEPS = [
  'challenge',
  'state',
  'tagResponse',
  'confirmApiVersion',
  'confirmId',
  'confirmIngestOk',
  'streamConfiguration',
] as const;
export type Step = (typeof STEPS)[number];

/** What an honest indexer says, to an ingester with the tag `test`. */
export const HONEST: Readonly<Record<Step, Buffer>> = {
  challenge: encodeChallenge({
    iterations: 1,
    random: Buffer.alloc(32, 7),
    version: API_VERSION,
  }),
  state: encodeState({ id: State.authenticated, info: '' }),
  tagResponse: encodeTagResponse({ test: 500 }),
  confirmApiVersion: encodeConfirmApiVersion(),
  confirmId: encodeConfirmId(),
  confirmIngestOk: encodeConfirmIngestOk(true),
  streamConfiguration: encodeStreamConfiguration(Compression.none),
};

/** What is answered by which step. */
const ANSWERED: Partial<Record<IngesterMessage['kind'], Step>> = {
  challengeResponse: 'state',
  tagRequest: 'tagResponse',
  apiVersion: 'confirmApiVersion',
  id: 'confirmId',
  ingestOk: 'confirmIngestOk',
  streamConfiguration: 'streamConfiguration',
};

/** How a handshake differs from an honest one. */
export interface Twist {
  /** Where it does; the steps before are honest. */
  readonly at: Step;
  /** What is said or done instead; nothing more is, unless it does so itself. */
  readonly act: Uint8Array | ((socket: Socket) => void);
}

/** Takes an ingester through a handshake up to its twist, or to its end; whatever secret it has. */
export function twistedHandshake(socket: Socket, twist?: Twist): void {
  const decoder = new IngesterStreamDecoder();
  let isOver = false;
  const say = (step: Step) => {
    isOver = step === twist?.at;
    if (!isOver) socket.write(HONEST[step]);
    else if (typeof twist?.act === 'function') twist.act(socket);
    else if (twist !== undefined) socket.write(twist.act);
    isOver ||= step === 'streamConfiguration';
  };
  socket.on('data', (chunk) => {
    if (isOver) return;
    decoder.push(chunk);
    for (let message = decoder.next(); message && !isOver; message = decoder.next()) {
      if (message.kind === 'ingestOk') decoder.expectStreamConfiguration();
      const step = ANSWERED[message.kind];
      if (step !== undefined) say(step);
    }
  });
  socket.on('end', () => socket.end());
  say('challenge');
}

/** Answers honestly up to a step, with nothing for it. */
export const silentAt = (at: Step): Twist => ({ at, act: () => {} });
