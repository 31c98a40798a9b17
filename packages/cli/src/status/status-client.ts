import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { CommandError } from '../errors.js';
import type { StatusReply } from './status-reply.js';

const TIMEOUT_MS = 5000;

/**
 * Asks a running command for its status.
 * @throws {CommandError} nobody answers, or something else does. Its `cause` is the error of the system
 */
export async function askStatus(path: string): Promise<StatusReply> {
  const socket = connect(path);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('there is no answer')));
  try {
    await once(socket, 'connect');
    return checked(JSON.parse(await text(socket)));
  } catch (cause) {
    const { message } = cause as Error;
    throw new CommandError(`the status socket ${path} does not answer: ${message}`, { cause });
  } finally {
    socket.destroy();
  }
}

function checked(reply: unknown): StatusReply {
  const { version, command } = Object(reply) as Partial<StatusReply>;
  if (version === 1 && (command === 'ship' || command === 'relay')) return reply as StatusReply;
  throw new Error('it is the socket of another version or of another program');
}
