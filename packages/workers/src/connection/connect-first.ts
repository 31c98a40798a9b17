import type { Socket } from 'node:net';
import { ConnectionLoss } from '../connection-loss.js';
import { deadline } from './deadline.js';
import { lossOf } from './loss-of.js';

/** Milliseconds after which the next address is tried too, if the last one has not answered (RFC 8305). */
const STAGGER_MS = 250;

/** A connected socket, and its address. */
export interface Connected {
  readonly socket: Socket;
  readonly address: string;
}

/** How sockets are opened, and how long each may take. */
export interface ConnectOptions {
  /** Begins to connect to an address. */
  readonly open: (address: string) => Socket;
  /** Milliseconds for each address. */
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/**
 * Connects to the first address that answers. Each address has the same time. The next attempt begins as
 * soon as one has failed, or while the latest is still running after a quarter of a second.
 * @throws {ConnectionLoss} no address has answered
 * @throws the reason of the signal, when it is aborted
 */
export function connectFirst(
  addresses: readonly string[],
  options: ConnectOptions,
): Promise<Connected> {
  return new Promise((resolve, reject) => new Race(addresses, options, resolve, reject).begin());
}

/** An address that has failed, and why. */
interface Failure {
  readonly address: string;
  readonly loss: ConnectionLoss;
}

class Race {
  readonly #addresses: readonly string[];
  readonly #options: ConnectOptions;
  readonly #resolve: (connected: Connected) => void;
  readonly #reject: (error: unknown) => void;
  /** Sockets that have not answered yet, each with a function that removes its listeners and timer. */
  readonly #runners = new Map<Socket, () => void>();
  readonly #failures: Failure[] = [];
  #begun = 0;
  #stagger: NodeJS.Timeout | undefined;

  constructor(
    addresses: readonly string[],
    options: ConnectOptions,
    resolve: (connected: Connected) => void,
    reject: (error: unknown) => void,
  ) {
    this.#addresses = addresses;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { signal } = this.#options;
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
    else this.#beginNext();
  }

  #beginNext(): void {
    clearTimeout(this.#stagger);
    const address = this.#addresses[this.#begun++];
    if (address !== undefined) this.#try(address);
    else if (this.#runners.size === 0) this.#end(lossOfAll(this.#failures));
    if (this.#begun < this.#addresses.length) {
      this.#stagger = setTimeout(() => this.#beginNext(), STAGGER_MS);
    }
  }

  #try(address: string): void {
    const { open, milliseconds } = this.#options;
    let socket: Socket;
    try {
      socket = open(address);
    } catch (error) {
      // Certificates that cannot be used, for one: it would be the same at every other address.
      this.#end(error);
      return;
    }
    const fail = (loss: ConnectionLoss) => this.#failed(socket, { address, loss });
    const onError = (error: Error) => fail(lossOf(error, 'dial'));
    const onClose = () => fail(new ConnectionLoss('dial', 'the indexer closed the connection'));
    const onConnect = () => {
      this.#leave(socket);
      this.#end();
      this.#resolve({ socket, address });
    };
    const callOff = deadline(milliseconds, () =>
      fail(new ConnectionLoss('timeout', `not connected within ${milliseconds} ms`)),
    );
    this.#runners.set(socket, () => {
      callOff();
      socket.off('error', onError).off('close', onClose).off('connect', onConnect);
    });
    // It may fail after the race, when it has no other listener.
    socket.on('error', () => {});
    socket.once('error', onError).once('close', onClose).once('connect', onConnect);
  }

  #failed(socket: Socket, failure: Failure): void {
    this.#leave(socket);
    socket.destroy();
    this.#failures.push(failure);
    this.#beginNext();
  }

  readonly #onAbort = (): void => {
    this.#end(this.#options.signal.reason);
  };

  /** Ends the race, and destroys all sockets that are still in it. */
  #end(error?: unknown): void {
    clearTimeout(this.#stagger);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    for (const socket of this.#runners.keys()) {
      this.#leave(socket);
      socket.destroy();
    }
    if (error !== undefined) this.#reject(error);
  }

  #leave(socket: Socket): void {
    this.#runners.get(socket)?.();
    this.#runners.delete(socket);
  }
}

/** One error for all addresses. */
function lossOfAll(failures: readonly Failure[]): ConnectionLoss {
  const losses = failures.map(({ loss }) => loss);
  const reason = losses.some((loss) => loss.reason === 'timeout') ? 'timeout' : 'dial';
  const texts = failures.map(({ address, loss }) =>
    loss.reason === 'timeout' ? `${address}: ${loss.message}` : loss.message,
  );
  return new ConnectionLoss(reason, texts.join('; '), {
    cause: losses.length === 1 ? losses[0] : losses,
  });
}
