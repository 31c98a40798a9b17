import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { ListenError } from '../errors.js';
import { formatListenAddress, type PipeAddress } from './address.js';

const IN_USE = 'another process listens there';

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: IN_USE,
  // Node.js says this also when there is no such directory.
  EACCES: 'its directory does not exist, or this user may not write there',
};

/**
 * Listens on a Unix stream socket. The server removes its file when it closes. A socket that a killed
 * process left behind is removed first.
 *
 * @throws {ListenError} if another process listens there or the path is a file of another kind, both of
 * which are left alone, or if the socket cannot be created.
 */
export async function listenOnPipe(server: Server, address: PipeAddress): Promise<void> {
  try {
    await listen(server, address.path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      await removeStale(address);
      await listen(server, address.path);
    });
  } catch (cause) {
    if (cause instanceof ListenError) throw cause;
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const problem = LISTEN_PROBLEMS[code] ?? message;
    throw new ListenError(formatListenAddress(address), problem, { cause });
  }
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
}

/** Removes a socket on which no process listens. */
async function removeStale(address: PipeAddress): Promise<void> {
  const stats = await lstat(address.path);
  if (!stats.isSocket()) {
    throw new ListenError(
      formatListenAddress(address),
      'the path is a file that is not a socket: remove it, or choose another path',
    );
  }
  const socket = connect(address.path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    await unlink(address.path);
    return;
  } finally {
    socket.destroy();
  }
  throw new ListenError(formatListenAddress(address), IN_USE);
}
