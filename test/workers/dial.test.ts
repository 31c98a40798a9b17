import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { type CertificateAndKey, selfSigned } from '@ringest/bench/shared';
import { Compression } from '@ringest/codec';
import type { Transport } from '@ringest/workers/internal';
import { Dialler, HostAddresses } from '@ringest/workers/internal';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const never = new AbortController().signal;
const receiver = { buffer: Buffer.alloc(1024), received() {} };

/** A dialler for a name that has these addresses. */
function diallerOf(transport: Transport, addresses: readonly string[], tls = {}): Dialler {
  const trust = { ca: undefined, servername: undefined, client: undefined };
  const times = { dial: 10_000, tls: 10_000, handshake: 10_000, notReady: 10 };
  const more = { firstRetry: 10, mostRetry: 10, silence: 10_000, confirmation: 10_000 };
  const task = {
    endpoint: { address: 'a name', transport, tenant: '', compression: Compression.none },
    credentials: {
      secretHash: Buffer.alloc(16),
      tls: { ...trust, insecureSkipVerify: false, ...tls },
    },
    times: { ...times, ...more },
  };
  const found = addresses.map((address) => ({ address, family: 4 }));
  return new Dialler(task, new HostAddresses(async () => found));
}

const tcp = (port: number) => ({ kind: 'tcp', host: 'far.test', port }) as const;

async function listen(server: Server, host: string, port = 0): Promise<number> {
  onTestFinished(() => {
    server.close();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function open(port: number, host: string): Socket {
  const socket = connect({ port, host }).on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Listens there, takes no connection, and has as many waiting as it can: further ones get no answer. */
async function neverAnswers(host: string, port: number): Promise<void> {
  const stuck = `
    const { parentPort } = require('node:worker_threads');
    const listening = () => {
      parentPort.postMessage('listening');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    require('node:net').createServer().listen({ host: '${host}', port: ${port}, backlog: 1 }, listening);`;
  const worker = new Worker(stuck, { eval: true });
  onTestFinished(async () => {
    await worker.terminate();
  });
  await once(worker, 'message');
  // The system keeps one more than it was asked to.
  await Promise.all([open(port, host), open(port, host)].map((one) => once(one, 'connect')));
}

async function dial(dialler: Dialler): Promise<Socket> {
  const socket = await dialler.dial(receiver, never);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

describe('a host with several addresses', () => {
  it('is reached although the first does not answer', async () => {
    const port = await listen(createServer(), '127.0.0.1');
    await neverAnswers('127.0.0.2', port);
    const dialler = diallerOf(tcp(port), ['127.0.0.2', '127.0.0.1']);
    expect((await dial(dialler)).remoteAddress).toBe('127.0.0.1');
  });

  it('is reached by a later attempt, however many refuse before the one that answers', async () => {
    const port = await listen(createServer(), '127.0.0.1');
    const refusing = Array.from({ length: 9 }, (_, i) => `127.0.0.${i + 2}`);
    const dialler = diallerOf(tcp(port), [...refusing, '127.0.0.1']);
    const error = await dial(dialler).catch((reason) => reason);
    expect(error.reason).toBe('dial');
    const tried = refusing.slice(0, 8).map((one) => `connect ECONNREFUSED ${one}:${port}`);
    expect(error.message).toBe(tried.join('; '));
    expect((await dial(dialler)).remoteAddress).toBe('127.0.0.1');
  });

  it('is tried at another one after a connection that was of no use, and at the same after one that was', async () => {
    const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
    const port = await listen(createServer(), '127.0.0.1');
    for (const host of hosts.slice(1)) await listen(createServer(), host, port);
    const dialler = diallerOf(tcp(port), hosts);
    expect((await dial(dialler)).remoteAddress).toBe('127.0.0.1');
    expect((await dial(dialler)).remoteAddress).toBe('127.0.0.2');
    dialler.worked();
    expect((await dial(dialler)).remoteAddress).toBe('127.0.0.2');
  });
});

describe('a certificate for an IP address', () => {
  let certificate: CertificateAndKey;

  beforeAll(async () => {
    certificate = await selfSigned({ hosts: ['127.0.0.1', '::1'] });
  });

  const hasIPv6 = Object.values(networkInterfaces())
    .flat()
    .some((one) => one?.address === '::1');

  it.each(hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])('is good for %s', async (host) => {
    const port = await listen(createTlsServer(certificate), host);
    const dialler = diallerOf({ kind: 'tls', host, port }, [], { ca: [certificate.cert] });
    expect((await dial(dialler)).remoteAddress).toBe(host);
  });

  it('is not good for another address', async () => {
    const port = await listen(createTlsServer(certificate), '127.0.0.2');
    const transport = { kind: 'tls', host: '127.0.0.2', port } as const;
    const error = await dial(diallerOf(transport, [], { ca: [certificate.cert] })).catch(
      (reason) => reason,
    );
    expect(error.reason).toBe('certificate');
    expect(error.message).toContain('for another host (127.0.0.1, 0:0:0:0:0:0:0:1)');
  });
});
