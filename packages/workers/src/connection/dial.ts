import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectSecurely,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import { ConnectionLoss } from '../connection-loss.js';
import type { TlsTrust } from '../endpoint.js';
import type { LaneTask } from '../messages.js';
import { AddressOrder } from './address-order.js';
import { checkCertificateHost } from './certificate-host.js';
import { connectFirst } from './connect-first.js';
import { deadline } from './deadline.js';
import { HostAddresses } from './host-addresses.js';
import { guessOfClient, lossOf } from './loss-of.js';

const KEEP_ALIVE_DELAY = 2000;

/** Shared by all lanes of this thread. */
const hostAddresses = new HostAddresses();

/** Where the bytes of a socket go: always into `buffer`; `received` is called with their number. */
export interface Receiver {
  readonly buffer: Uint8Array;
  received(bytes: number): void;
}

/** Makes one connection after the other to an endpoint (§1). */
export class Dialler {
  readonly #task: Pick<LaneTask, 'endpoint' | 'credentials' | 'times'>;
  readonly #addresses: HostAddresses;
  readonly #order = new AddressOrder();
  #address: string | undefined;
  #context: SecureContext | undefined;

  constructor(
    task: Pick<LaneTask, 'endpoint' | 'credentials' | 'times'>,
    addresses = hostAddresses,
  ) {
    this.#task = task;
    this.#addresses = addresses;
  }

  /**
   * Connects a socket to the first address that answers. It reads into one reusable buffer. Unless
   * `worked` is called for the connection, the next attempt begins with the address after it.
   * @throws {ConnectionLoss} not resolved, refused, unreachable, not trusted, or not in time
   * @throws the reason of the signal, when it is aborted
   */
  async dial(receiver: Receiver, signal: AbortSignal): Promise<Socket> {
    signal.throwIfAborted();
    const { transport } = this.#task.endpoint;
    const { dial: milliseconds } = this.#task.times;
    const addresses =
      transport.kind === 'pipe'
        ? [transport.path]
        : this.#order.next(await this.#addresses.find(transport.host, milliseconds, signal));
    this.#order.failedAt(addresses.at(-1));
    const onread = {
      buffer: receiver.buffer,
      callback: (bytes: number) => {
        receiver.received(bytes);
        return true;
      },
    };
    const open = (address: string) => this.#open(address, onread);
    const { socket, address } = await connectFirst(addresses, { open, milliseconds, signal });
    this.#address = address;
    this.#order.failedAt(address);
    // It may have failed just now, while there was no listener: before this step, or after it.
    if (socket.errored) throw lossOf(socket.errored, 'dial');
    if (transport.kind === 'tls') await this.#secured(socket, signal);
    if (socket.errored) throw lossOf(socket.errored, 'dial');
    return socket;
  }

  /** The latest connection works: the next attempt begins with its address. */
  worked(): void {
    if (this.#address !== undefined) this.#order.worked(this.#address);
  }

  #open(address: string, onread: OnReadOpts): Socket {
    const { transport } = this.#task.endpoint;
    if (transport.kind === 'pipe') return connect({ path: address, onread });
    const where = { host: address, port: transport.port, onread };
    const socket =
      transport.kind === 'tcp'
        ? connect(where)
        : connectSecurely({ ...where, ...this.#trust(transport.host) });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY);
    return socket;
  }

  #trust(host: string): ConnectionOptions {
    const { tls } = this.#task.credentials;
    const name = tls.servername ?? host;
    this.#context ??= contextOf(tls);
    return {
      secureContext: this.#context,
      // An IP address may be in a certificate, but not in the name that TLS sends beforehand.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_host, certificate) => checkCertificateHost(name, certificate),
      rejectUnauthorized: !tls.insecureSkipVerify,
    };
  }

  #secured(socket: Socket, signal: AbortSignal): Promise<void> {
    const { credentials, times } = this.#task;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        settle();
        socket.destroy();
        reject(error);
      };
      const onError = (error: Error) => {
        const loss = lossOf(error, 'dial');
        const isGuess = loss.reason === 'dial' && credentials.tls.client !== undefined;
        fail(isGuess ? guessOfClient(loss) : loss);
      };
      const onClose = () => fail(new ConnectionLoss('dial', 'the indexer closed the connection'));
      const onAbort = () => fail(signal.reason);
      const onSecure = () => {
        settle();
        resolve();
      };
      const callOff = deadline(times.tls, () => {
        fail(new ConnectionLoss('timeout', `not secure within ${times.tls} ms`));
      });
      const settle = () => {
        callOff();
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError).off('close', onClose).off('secureConnect', onSecure);
      };
      signal.addEventListener('abort', onAbort);
      socket.once('error', onError).once('close', onClose).once('secureConnect', onSecure);
    });
  }
}

/** Made once for each lane, because parsing a list of authorities takes long. */
function contextOf({ ca, client }: TlsTrust): SecureContext {
  return createSecureContext({ minVersion: 'TLSv1.2', ...(ca && { ca: [...ca] }), ...client });
}
