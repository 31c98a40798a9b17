import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { CommandError } from '../errors.js';
import { Rates } from './rates.js';
import { askStatus } from './status-client.js';
import { makeStatusFolder, removeSocket, socketName, statusFolder } from './status-folder.js';
import { type StatusSource, statusReply } from './status-reply.js';

/** Somebody who asks for a status does so quickly, or never. */
const SOCKET_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 16;

/**
 * Answers each connection to a Unix socket with one line of JSON, a `StatusReply`, and closes it. What a
 * client sends is not read.
 */
export class StatusServer implements AsyncDisposable {
  /** The path of the socket. */
  readonly path: string;
  readonly #server: Server;
  readonly #rates: Rates;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, source: StatusSource) {
    this.path = path;
    this.#rates = new Rates(() => source.counts());
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // A client may leave before it has its answer.
      socket.on('error', () => {});
      socket.setTimeout(SOCKET_TIMEOUT_MS, () => socket.destroy());
      socket.end(`${JSON.stringify(statusReply(source, this.#rates.perSecond()))}\n`);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    // A status keeps no process alive.
    this.#server.unref();
  }

  /**
   * Listens on a socket that only this user can reach.
   * @param path `undefined`: one in a folder where `ringest status` looks
   * @throws {CommandError} another process listens there, or it cannot be made
   */
  static async listen(path: string | undefined, source: StatusSource): Promise<StatusServer> {
    const folder = path === undefined ? statusFolder(process.env) : dirname(path);
    const socket = path ?? join(folder, socketName(source.command, process.pid));
    try {
      if (path === undefined) makeStatusFolder(folder);
      await removeStale(socket);
      const server = new StatusServer(socket, source);
      try {
        await server.#listen();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        throw error;
      }
    } catch (cause) {
      if (cause instanceof CommandError) throw cause;
      const { message } = cause as Error;
      throw new CommandError(`cannot answer on the status socket ${socket}: ${message}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rates[Symbol.dispose]();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    // Node.js removes the socket's file.
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #listen(): Promise<void> {
    const mask = process.umask(0o177);
    try {
      this.#server.listen(this.path);
    } finally {
      process.umask(mask);
    }
    await once(this.#server, 'listening');
  }
}

/** Removes a socket that a process has left that was killed. */
async function removeStale(path: string): Promise<void> {
  try {
    await askStatus(path);
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ECONNREFUSED') {
      removeSocket(path);
      return;
    }
  }
  throw new CommandError(`${path} is in use: give another --status-socket`);
}

/**
 * Answers `ringest status` while a command runs. Without a path, a socket that cannot be made ends nothing:
 * it is said.
 */
export async function serveStatus(
  path: string | undefined,
  source: StatusSource,
  say: (line: string) => void,
): Promise<AsyncDisposable | undefined> {
  try {
    return await StatusServer.listen(path, source);
  } catch (error) {
    if (path !== undefined || !(error instanceof CommandError)) throw error;
    say(`ringest: ${error.message}`);
    return undefined;
  }
}
