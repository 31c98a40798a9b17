import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  TimeoutError,
} from '@nats-io/transport-node';
import { CommandError, UsageError } from '../../../errors.js';
import { hostOf, type NatsAccess } from './nats-options.js';

/** Who waits for a connection. */
export interface NatsHost {
  readonly say: (line: string) => void;
  /** Ends the waiting for the first connection. */
  readonly signal: AbortSignal;
  /** Milliseconds to wait for it; `undefined`: without a limit. */
  readonly timeoutMs: number | undefined;
}

/** How long to wait between two attempts, in milliseconds. */
const RETRY_MS = 1000;

/** What the system says of a server that is away, and may come. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** A connection to one of some servers. When it is lost, it is made again. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly #name: string;
  readonly #say: (line: string) => void;
  #isConnected = true;

  private constructor(connection: NatsConnection, name: string, say: (line: string) => void) {
    this.connection = connection;
    this.#name = name;
    this.#say = say;
    void this.#watch();
  }

  /**
   * Connects, and waits for a server that is away.
   * @throws {UsageError} a file cannot be read
   * @throws {CommandError} the servers refuse it, or none came in time
   * @throws the reason of the signal
   */
  static async connect(access: NatsAccess, host: NatsHost): Promise<NatsLink> {
    const { say, signal, timeoutMs = Number.POSITIVE_INFINITY } = host;
    const options = optionsOf(access);
    const name = access.servers.join(',');
    const end = performance.now() + timeoutMs;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        return new NatsLink(await connect(options), name, say);
      } catch (error) {
        const { message } = error as Error;
        if (!isAway(error) || performance.now() > end) {
          throw new CommandError(`${name}: ${message}`, { cause: error });
        }
        if (attempt === 1) say(`ringest: ${name}: ${message}: waiting for it`);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Whether a server is there now. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.#change(false, 'the connection is lost');
      if (status.type === 'reconnect') this.#change(true, 'connected again');
      if (status.type === 'error') this.#say(`ringest: ${this.#name}: ${status.error.message}`);
    }
    this.#isConnected = false;
  }

  #change(isConnected: boolean, news: string): void {
    if (isConnected !== this.#isConnected) this.#say(`ringest: ${this.#name}: ${news}`);
    this.#isConnected = isConnected;
  }
}

function optionsOf(access: NatsAccess): NodeConnectionOptions {
  const { servers, credsFile, user, password, tls } = access;
  const { ca, cert, key } = tls;
  const hasTls =
    ca !== undefined || cert !== undefined || servers.some((url) => url.startsWith('tls://'));
  // The client hands it to `node:tls`, which its types do not say.
  const checked = {
    checkServerIdentity: identityCheck(servers),
    ...(ca !== undefined && { ca: readOption('--nats-ca', ca).toString() }),
    ...(cert !== undefined && { cert: readOption('--nats-cert', cert).toString() }),
    ...(key !== undefined && { key: readOption('--nats-key', key).toString() }),
  };
  return {
    servers: [...servers],
    name: 'ringest ship',
    maxReconnectAttempts: -1,
    // A stack for each request takes more time than the request.
    noAsyncTraces: true,
    reconnectTimeWait: RETRY_MS,
    ...(hasTls && { tls: checked }),
    ...(credsFile !== undefined && {
      authenticator: credsAuthenticator(readOption('--nats-creds', credsFile)),
    }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
  };
}

/** The client of NATS takes a server that has an address and no name for this one. */
const UNNAMED = 'localhost';

/** Checks a certificate: for a server without a name, it has to be good for one of the addresses. */
function identityCheck(servers: readonly string[]) {
  const hosts = servers.map(hostOf);
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return (host: string, certificate: PeerCertificate): Error | undefined => {
    const names = host === UNNAMED && !hosts.includes(host) ? addresses : [host];
    const errors = names.map((name) => checkServerIdentity(name, certificate));
    return errors.includes(undefined) ? undefined : errors[0];
  };
}

/** Whether a server may be there later. */
function isAway(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  const { code: inner } = Object(cause) as NodeJS.ErrnoException;
  return error instanceof TimeoutError || AWAY.has(code ?? inner ?? '');
}

function readOption(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: it cannot be read: ${(error as Error).message}`);
  }
}
