import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import type { ListenChoice, ListenOptions } from './listen-options.js';
import type { Listener, ListenHost } from './listener.js';
import { linesOfDatagram, SyslogStream, syslogDatagram } from './syslog.js';
import { type Certificate, TcpListener } from './tcp-listener.js';
import { UdpListener } from './udp-listener.js';

/** All listeners of a `ship`. */
export class Listeners {
  readonly #listeners: Listener[] = [];
  #closed: Promise<unknown> | undefined;

  /**
   * Begins to listen, and says where.
   * @throws {UsageError} a file cannot be read
   * @throws what the system says of an address
   */
  static async listen(options: ListenOptions, host: ListenHost): Promise<Listeners> {
    const { certificate, tokenFile } = options;
    const pem = certificate && {
      cert: readOption('--listen-cert', certificate.cert),
      key: readOption('--listen-key', certificate.key),
    };
    const token = tokenFile && readOption('--token-file', tokenFile).toString().trim();
    const listeners = new Listeners();
    try {
      for (const choice of options.listeners) {
        const listener = await listen(choice, pem, token || undefined, host);
        listeners.#listeners.push(listener);
        host.say(`ringest: ${choice.kind} on ${listener.address}`);
      }
      return listeners;
    } catch (error) {
      await listeners.close();
      throw error;
    }
  }

  /** Takes nothing more, and resolves once what was taken is written. */
  async close(): Promise<void> {
    this.#closed ??= Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#closed;
  }
}

async function listen(
  { kind, address }: ListenChoice,
  pem: Certificate | undefined,
  token: string | undefined,
  host: ListenHost,
): Promise<Listener> {
  const { streams } = host;
  const certificate = address.transport === 'tls' ? pem : undefined;
  if (kind === 'http') {
    const { HttpListener } = await import('./http-listener.js');
    return HttpListener.listen(address, certificate, token, host);
  }
  if (address.transport === 'udp') {
    const read = kind === 'syslog' ? syslogDatagram : linesOfDatagram;
    return UdpListener.listen(address, host, (datagram, sender) => read(streams, datagram, sender));
  }
  return TcpListener.listen(address, certificate, host, (sender) =>
    kind === 'syslog' ? new SyslogStream(streams, sender) : streams.open(sender),
  );
}

function readOption(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: it cannot be read: ${(error as Error).message}`);
  }
}
