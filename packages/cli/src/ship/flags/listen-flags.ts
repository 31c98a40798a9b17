import { byteRate, duration, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseListenAddress } from '../listen/listen-address.js';
import type {
  ListenAddress,
  ListenChoice,
  ListenKind,
  ListenOptions,
} from '../listen/listen-options.js';
import { repeated } from './flag-values.js';

interface ListenFlags {
  listenLines: readonly ListenAddress[];
  listenSyslog: readonly ListenAddress[];
  listenHttp: readonly ListenAddress[];
  listenCert?: string;
  listenKey?: string;
  tokenFile?: string;
  maxConnections: number;
  idleTimeout: number;
  maxBody: number;
  maxWaiting?: number;
  /** A flag of entries, which has a default. */
  maxLineBytes: number;
}

const MAX_BODY_BYTES = 1e9;
const MIN_WAITING_BYTES = 1e6;
const DEFAULT_WAITING_BYTES = 64e6;
/** Bodies have half of the room, and may be there twice: as bytes and as text. */
const BODIES = 4;
/** Connections have a quarter of the room, and none of them should have more than a quarter of that. */
const LINES = 16;

/** Adds the flags that {@link readListen} reads. */
export function addListenFlags(command: Command): void {
  const listen = (name: string, help: string, transports: readonly string[]) =>
    new Option(`--listen-${name} <address>`, help)
      .argParser(repeated((text) => listenAddress(text, transports)))
      .default([], 'none');
  command
    .optionsGroup('What comes over the network ([tcp://|udp://|tls://][host:]port, else loopback):')
    .addOption(listen('lines', 'take lines by TCP, TLS or UDP', ['tcp', 'tls', 'udp']))
    .addOption(
      listen(
        'syslog',
        'take syslog (RFC 3164, 5424; RFC 6587: with lengths or as lines) by TCP, TLS or UDP',
        ['tcp', 'tls', 'udp'],
      ),
    )
    .addOption(
      listen(
        'http',
        "take POST /raw, /lines and /json, and Splunk's /services/collector; tls:// for HTTPS",
        ['tcp', 'tls'],
      ),
    )
    .option('--listen-cert <file>', 'the PEM certificate for tls://')
    .option('--listen-key <file>', 'the PEM key of that certificate')
    .option('--token-file <file>', 'a file with the token that HTTP requests must have')
    .option(
      '--max-connections <n>',
      'the most connections of a listener at the same time',
      wholeNumber(1, 65_535),
      1000,
    )
    .addOption(
      new Option('--idle-timeout <time>', 'a connection that is silent for so long ends; 0s: never')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .addOption(
      new Option('--max-body <bytes>', 'the most bytes of a request')
        .argParser(bytesBetween(1, MAX_BODY_BYTES, '1 byte to 1GB'))
        .default(16_000_000, '16MB'),
    )
    .addOption(
      new Option(
        '--max-waiting <bytes>',
        `the most bytes of all senders in memory, at least ${BODIES} times --max-body and ` +
          `${LINES} times --max-line-bytes (default: that, at least 64MB)`,
      ).argParser(bytesBetween(MIN_WAITING_BYTES, Number.MAX_SAFE_INTEGER, '1MB on')),
    );
}

/** Reads these flags of a command that is parsed. A flag without use ends the command. */
export function readListen(command: Command): ListenOptions {
  const flags = command.opts<ListenFlags>();
  const { listenCert: cert, listenKey: key, tokenFile } = flags;
  const of = (kind: ListenKind, addresses: readonly ListenAddress[]): ListenChoice[] =>
    addresses.map((address) => ({ kind, address }));
  const listeners = [
    ...of('lines', flags.listenLines),
    ...of('syslog', flags.listenSyslog),
    ...of('http', flags.listenHttp),
  ];
  const hasTls = listeners.some(({ address }) => address.transport === 'tls');
  const hasCertificate = cert !== undefined && key !== undefined;
  if (hasTls && !hasCertificate) {
    command.error('error: tls:// takes a --listen-cert and a --listen-key');
  }
  if (!hasTls && (cert ?? key) !== undefined) {
    command.error('error: --listen-cert and --listen-key are about listeners of tls://');
  }
  if (tokenFile !== undefined && flags.listenHttp.length === 0) {
    command.error('error: --token-file is about --listen-http');
  }
  const leastWaiting = Math.max(BODIES * flags.maxBody, LINES * flags.maxLineBytes);
  const { maxWaiting = Math.max(leastWaiting, DEFAULT_WAITING_BYTES) } = flags;
  if (maxWaiting < leastWaiting) {
    command.error(
      `error: --max-waiting must be at least ${BODIES} times --max-body and ${LINES} times ` +
        `--max-line-bytes: ${leastWaiting}`,
    );
  }
  return {
    listeners,
    certificate: hasCertificate ? { cert, key } : undefined,
    tokenFile,
    maxConnections: flags.maxConnections,
    idleMs: flags.idleTimeout,
    maxBodyBytes: flags.maxBody,
    maxWaitingBytes: maxWaiting,
  };
}

function listenAddress(text: string, transports: readonly string[]): ListenAddress {
  try {
    return parseListenAddress(text, transports);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function bytesBetween(least: number, most: number, range: string) {
  return (text: string): number => {
    const bytes = Math.floor(byteRate(text));
    if (bytes >= least && bytes <= most) return bytes;
    throw new InvalidArgumentError(`It must be from ${range}.`);
  };
}
