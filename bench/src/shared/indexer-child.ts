import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { answerOf } from './ask-child.js';
import { withoutSecret } from './child-environment.js';
import type {
  ArrivalReport,
  FromIndexer,
  IndexerSettings,
  ServerCertificate,
  ToIndexer,
} from './indexer-messages.js';

/** The parent's handle on an embedded indexer that runs in a process of its own. */
export class IndexerChild {
  /** With their schemes, in the order of the transports that were asked for. */
  readonly addresses: readonly string[];
  /** PEM text of the authority that vouches for it; `undefined` without TLS. */
  readonly ca: string | undefined;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, addresses: readonly string[], ca: string | undefined) {
    this.#process = process;
    this.addresses = addresses;
    this.ca = ca;
  }

  /**
   * Starts the process and waits until it listens: on free ports of the loopback, on a socket in a
   * directory that goes with the process.
   */
  static async start(settings: IndexerSettings): Promise<IndexerChild> {
    const certified = settings.transports?.includes('tls') ? await certify() : undefined;
    const child = fork(new URL('./indexer-process.js', import.meta.url), { env: withoutSecret() });
    const tls = certified?.certificate;
    const { addresses } = await ask(child, 'listening', { kind: 'settings', settings, tls });
    return new IndexerChild(child, addresses, certified?.ca);
  }

  /** The first of its addresses. */
  get address(): string {
    return this.addresses[0] as string;
  }

  /** The id of its process. */
  get pid(): number {
    return this.#process.pid as number;
  }

  /** What has arrived by now of a load of `sent` entries. */
  async report(sent: number): Promise<ArrivalReport> {
    return (await ask(this.#process, 'report', { kind: 'report', sent })).arrived;
  }

  /** Has it forget what has arrived, for another load; the counts of tags and tenants go on. */
  async clear(): Promise<void> {
    await ask(this.#process, 'cleared', { kind: 'clear' });
  }

  /** Has confirmations leave so many milliseconds later from now on. */
  async delay(milliseconds: number): Promise<void> {
    await ask(this.#process, 'delayed', { kind: 'delay', milliseconds });
  }

  /** Has it read only so many bytes a second from now on; 0: as fast as it can. */
  async throttle(bytesPerSecond: number): Promise<void> {
    await ask(this.#process, 'throttled', { kind: 'throttle', bytesPerSecond });
  }

  /**
   * Stops the process where it is: its connections stay, and nobody reads them. It goes on at the
   * latest when this process exits, so that it can end.
   */
  freeze(): void {
    process.on('exit', this.thaw);
    this.#process.kill('SIGSTOP');
  }

  /** Lets it go on. */
  readonly thaw = (): void => {
    process.off('exit', this.thaw);
    this.#process.kill('SIGCONT');
  };

  /** Kills the process without warning, and waits until it is gone. */
  async kill(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await exited;
  }
}

/** A certificate for the loopback from an authority that is made for nothing else. */
async function certify(): Promise<{ ca: string; certificate: ServerCertificate }> {
  // What makes certificates takes a while to load.
  const { CertificateAuthority } = await import('./certificates.js');
  const authority = await CertificateAuthority.create();
  const certificate = await authority.issue({ hosts: ['127.0.0.1', 'localhost'] });
  return { ca: authority.certificate, certificate };
}

/** Sends a message and waits for the answer of a kind; fails when the process ends before. */
function ask<Kind extends FromIndexer['kind']>(
  child: ChildProcess,
  kind: Kind,
  message: ToIndexer,
): Promise<Extract<FromIndexer, { kind: Kind }>> {
  child.send(message);
  return answerOf<FromIndexer, Kind>(child, kind, 'the embedded indexer');
}
