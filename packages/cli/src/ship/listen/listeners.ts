import { type Credentials, readCredentials } from './credentials.js';
import { trimmedLines, wholeMessage } from './datagrams.js';
import type { ListenChoice, ListenOptions } from './listen-options.js';
import type { Listener, ListenHost } from './listener.js';
import { SyslogStream } from './syslog.js';
import { TcpListener } from './tcp-listener.js';
import { UdpListener } from './udp-listener.js';

/** Listeners that have their limits and credentials in common. */
export class Listeners {
  readonly #options: ListenOptions;
  readonly #listeners: Listener[] = [];
  #closed: Promise<unknown> | undefined;

  private constructor(options: ListenOptions) {
    this.#options = options;
  }

  /**
   * Begins to listen, and says where.
   * @throws {UsageError} a file cannot be used
   * @throws what the system says of an address
   */
  static async listen(options: ListenOptions, host: ListenHost): Promise<Listeners> {
    const credentials = readCredentials(options);
    const listeners = new Listeners(options);
    host.listening.begin();
    try {
      for (const choice of options.listeners) {
        const listener = await listen(choice, credentials, host);
        listeners.#listeners.push(listener);
        host.say(`ringest: ${choice.kind} on ${listener.address}`);
      }
      return listeners;
    } catch (error) {
      await listeners.close();
      throw error;
    }
  }

  /**
   * Reads the certificate and the token again.
   * @returns what uses them for connections and requests from now on
   * @throws {UsageError} a file cannot be used
   */
  renewal(): () => void {
    const credentials = readCredentials(this.#options);
    return () => {
      for (const listener of this.#listeners) listener.renew?.(credentials);
    };
  }

  /** Takes nothing more, and resolves once what was taken is written. */
  async close(): Promise<void> {
    this.#closed ??= Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#closed;
  }
}

async function listen(
  { kind, address }: ListenChoice,
  credentials: Credentials,
  host: ListenHost,
): Promise<Listener> {
  const { streams } = host;
  if (kind === 'http') {
    const { HttpListener } = await import('./http-listener.js');
    return HttpListener.listen(address, credentials, host);
  }
  if (address.transport === 'udp') {
    return UdpListener.listen(address, host, kind === 'syslog' ? wholeMessage : trimmedLines);
  }
  return TcpListener.listen(address, credentials, host, (sender) =>
    kind === 'syslog' ? new SyslogStream(streams, sender) : streams.open(sender),
  );
}
