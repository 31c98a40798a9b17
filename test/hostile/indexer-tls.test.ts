import { connect, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { selfSigned } from '@ringest/bench/shared';
import { encodePong } from '@ringest/codec';
import { beforeAll, describe, expect, it } from 'vitest';
import { Attack, type Attacker } from '../support/hostile-attack.js';
import { HostileServer, type Serve } from '../support/hostile-server.js';
import { Random } from '../support/random.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

const SEEDS = 12;
/** Bytes of an indexer's half of the TLS handshake after which it stops. */
const STALLS = [0, 1, 5, 6, 50, 200, 600];

let certificate: TlsOptions & { readonly cert: string };

beforeAll(async () => {
  certificate = await selfSigned({ hosts: ['127.0.0.1'] });
});

/** Who only seems to speak TLS. */
async function tlsServer(serve: Serve): Promise<Attacker> {
  const server = await HostileServer.listen(serve);
  return { address: `tls://127.0.0.1:${server.port}`, close: () => server.close() };
}

/** Sits between an ingester and an indexer that speaks TLS. */
async function between(
  meddle: (near: Socket, chunk: Buffer, saidBefore: number, number: number) => void,
): Promise<{ readonly attacker: Attacker; readonly indexer: ScriptedIndexer }> {
  const indexer = await ScriptedIndexer.listen({ tls: certificate });
  const attacker = await tlsServer((near, number) => {
    let said = 0;
    const far = connect({ port: indexer.port, host: '127.0.0.1' });
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      meddle(near, chunk, said, number);
      said += chunk.length;
    });
  });
  return { attacker, indexer };
}

describe('an indexer behind TLS', () => {
  it('that says anything instead of its ServerHello is given up', async () => {
    const attacker = await tlsServer((socket, number) => {
      const random = new Random(number);
      socket.once('data', () => socket.end(random.bytes(1 + random.below(3000))));
    });
    const attack = await Attack.begin(attacker);
    const losses = await attack.lost(SEEDS);
    for (const [seed, { reason, target }] of losses.entries()) {
      expect(target).toBe(attacker.address);
      expect(['dial', 'lost', 'certificate'], `seed ${seed}`).toContain(reason);
    }
    await attack.expectNoHarm();
  });

  it('that says what it should say without TLS is given up, and told of', async () => {
    const indexer = await ScriptedIndexer.listen({ listens: false });
    const attack = await Attack.begin({
      address: indexer.address.replace('tcp', 'tls'),
      close: () => indexer.close(),
    });
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('dial');
    expect(loss?.message).toContain('does not speak TLS');
    await attack.expectNoHarm();
  });

  it('that stops in the middle of the TLS handshake is given up in time', async () => {
    const { attacker } = await between((near, chunk, said, number) => {
      const left = (STALLS[number % STALLS.length] as number) - said;
      if (left > 0) near.write(chunk.subarray(0, left));
    });
    const attack = await Attack.begin(attacker, {
      target: { tls: { ca: certificate.cert } },
      times: { tls: 150 },
    });
    const losses = await attack.lost(STALLS.length);
    for (const { reason, message } of losses) {
      expect(reason).toBe('timeout');
      expect(message).toContain('not secure within 150 ms');
    }
    await attack.expectNoHarm();
  });

  it.each([
    ['plain text', encodePong()],
    ['a record of zeros', Buffer.from([0x17, 3, 3, 0, 32, ...Buffer.alloc(32)])],
    ['a record that is too long', Buffer.from([0x17, 3, 3, 0xff, 0xff, ...Buffer.alloc(65_535)])],
  ])('that says %s once it is hot is given up', async (_what, bytes) => {
    let inject: () => void = () => {};
    const { attacker, indexer } = await between((near, chunk) => {
      near.write(chunk);
      inject = () => near.write(bytes);
    });
    const attack = await Attack.begin(attacker, { target: { tls: { ca: certificate.cert } } });
    await (await indexer.hot(0)).entries(1);
    inject();
    // A short one is no whole record yet: the next that is said completes it.
    inject();
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('lost');
    await attack.expectNoHarm();
  });

  it('whose bytes are changed on the way, once it is hot, is given up', async () => {
    let changes = false;
    const { attacker, indexer } = await between((near, chunk) => {
      const last = chunk.length - 1;
      if (changes) chunk.writeUInt8(chunk.readUInt8(last) ^ 1, last);
      near.write(chunk);
    });
    const attack = await Attack.begin(attacker, { target: { tls: { ca: certificate.cert } } });
    const connection = await indexer.hot(0);
    await connection.entries(1);
    changes = true;
    connection.confirm(1);
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('lost');
    await attack.expectNoHarm();
  });
});
