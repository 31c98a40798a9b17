import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { JetStreamApiError } from '@nats-io/jetstream';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  TimeoutError,
} from '@nats-io/transport-node';
import { ConsumerError } from '@ringest/nats';
import { type ConnectHost, firstConnection, isAway, RETRY_MS } from '../first-connection.js';
import { readOptionFile } from '../option-file.js';
import { RareLines } from '../rare-lines.js';
import { hostOf, type NatsAccess } from './nats-options.js';

/**
 * A server that says nothing is asked so often, and its connection is lost when it has missed two answers: TCP alone
 * would go on with it up to two minutes after a network is there again.
 */
const PING_MS = 5000;
/** What a server says that has JetStream and cannot answer yet, such as while its cluster has no leader. */
const UNAVAILABLE = 503;
/** How long a server may take to shake hands. */
const CONNECT_MS = 5000;

/** A connection to one of some servers. When it is lost, it is made again. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly #name: string;
  readonly #say: (line: string) => void;
  readonly #errors: RareLines;
  #isConnected = true;
  #hasBegun = false;

  private constructor(connection: NatsConnection, name: string, say: (line: string) => void) {
    this.connection = connection;
    this.#name = name;
    this.#say = say;
    // A right that is missing is told of for each message.
    this.#errors = new RareLines(say);
    void this.#watch();
  }

  /**
   * Connects, and waits for a server that is away, or goes away while `begin` asks it.
   * @param begin what a user of the connection asks before anything else. Its connection is closed if that fails
   * @throws {UsageError} a file cannot be read
   * @throws {CommandError} the servers refuse it, or none came in time
   * @throws the reason of the signal
   */
  static async open<Opened>(
    access: NatsAccess,
    host: ConnectHost,
    begin: (link: NatsLink) => Promise<Opened>,
  ): Promise<Opened> {
    const options = optionsOf(access);
    const name = access.servers.join(',');
    const open = async () => {
      const link = new NatsLink(await connect(options), name, host.say);
      const end = () => void link.connection.close();
      host.signal.addEventListener('abort', end);
      try {
        const opened = await begin(link);
        link.#hasBegun = true;
        return opened;
      } catch (error) {
        const problem = link.isConnected ? error : new LostError(error);
        await link.connection.close();
        throw problem;
      } finally {
        host.signal.removeEventListener('abort', end);
      }
    };
    return firstConnection(name, open, mayCome, host);
  }

  /** Whether a server is there now. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect' && !this.#hasBegun) {
        // What was asked gets no answer any more, and is asked again by another connection.
        this.#isConnected = false;
        void this.connection.close();
      }
      if (status.type === 'disconnect') this.#change(false, 'the connection is lost');
      if (status.type === 'reconnect') this.#change(true, 'connected again');
      if (status.type === 'error') this.#tell(status.error);
    }
    this.#isConnected = false;
  }

  #tell({ message }: Error): void {
    this.#errors.write(`ringest: ${this.#name}: ${message}`);
  }

  #change(isConnected: boolean, news: string): void {
    if (isConnected !== this.#isConnected) this.#say(`ringest: ${this.#name}: ${news}`);
    this.#isConnected = isConnected;
  }
}

/** Whether an error is about a server that may be there later, or may be ready later. */
function mayCome(error: unknown): boolean {
  const { cause } = error as Error;
  if (error instanceof ConsumerError) return mayCome(cause);
  const isUnready = error instanceof JetStreamApiError && error.status === UNAVAILABLE;
  // Nobody answers for JetStream, such as behind a leaf node whose link is down. One without JetStream is not told from it.
  const isSilent = error instanceof Error && error.name === 'JetStreamNotEnabled';
  return isUnready || isSilent || error instanceof TimeoutError || isAway(error);
}

/** The connection was lost before all had been asked. The system calls it by the same code. */
class LostError extends Error {
  readonly code = 'ECONNRESET';

  constructor(cause: unknown) {
    super('the connection is lost', { cause });
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
    ...(ca !== undefined && { ca: readOptionFile('--nats-ca', ca).toString() }),
    ...(cert !== undefined && { cert: readOptionFile('--nats-cert', cert).toString() }),
    ...(key !== undefined && { key: readOptionFile('--nats-key', key).toString() }),
  };
  return {
    servers: [...servers],
    name: 'ringest ship',
    maxReconnectAttempts: -1,
    // A stack for each request takes more time than the request.
    noAsyncTraces: true,
    reconnectTimeWait: RETRY_MS,
    // Many processes lose it at the same time.
    reconnectJitter: RETRY_MS,
    reconnectJitterTLS: RETRY_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    timeout: CONNECT_MS,
    ...(hasTls && { tls: checked }),
    ...(credsFile !== undefined && {
      authenticator: credsAuthenticator(readOptionFile('--nats-creds', credsFile)),
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
