import type { JsMsg } from '@nats-io/jetstream';
import { Timestamp } from '@ringest/core';

/**
 * What JetStream says of a delivery in the subject for its acknowledgement, after the names of the stream and the
 * consumer: `$JS.ACK.stream.consumer.…`, or `$JS.ACK.domain.account.stream.consumer.…` from servers that say that.
 */
const COUNT = 0;
const SEQUENCE = 1;
const TIME = 3;

/** Tokens of the short form. The long one has two more before these, and may have others behind. */
const SHORT = 9;
const FIRST_OF_SHORT = 4;
const FIRST_OF_LONG = 6;

/** Digits of the nanoseconds of a second. */
const DIGITS = 9;

/**
 * The subject for the acknowledgement of a message: all that has to be kept of one that is written. The client of NATS
 * has it in each message, and not in its type.
 */
export function replyOf(message: JsMsg): string {
  if ('reply' in message && typeof message.reply === 'string') return message.reply;
  throw new TypeError('this version of @nats-io/jetstream does not tell the reply subject');
}

/** Whether a subject is one for an acknowledgement: anybody may publish to the inbox of a request. */
export const isDelivery = (reply: string): boolean => reply.startsWith('$JS.ACK.');

/** How often the message was delivered, this time among them. */
export const deliveriesOf = (reply: string): number => Number(partOf(reply, COUNT));

/** The number of the message in its stream. */
export const sequenceOf = (reply: string): number => Number(partOf(reply, SEQUENCE));

/** When the message was stored. */
export function storedAt(reply: string): Timestamp {
  // A number cannot hold the nanoseconds since 1970.
  const text = partOf(reply, TIME);
  return new Timestamp(Number(text.slice(0, -DIGITS)), Number(text.slice(-DIGITS)));
}

function partOf(reply: string, part: number): string {
  let tokens = 1;
  for (let dot = reply.indexOf('.'); dot >= 0; dot = reply.indexOf('.', dot + 1)) tokens++;
  const token = part + (tokens === SHORT ? FIRST_OF_SHORT : FIRST_OF_LONG);
  let start = 0;
  for (let i = 0; i < token; i++) start = reply.indexOf('.', start) + 1;
  const end = reply.indexOf('.', start);
  return reply.slice(start, end < 0 ? undefined : end);
}
