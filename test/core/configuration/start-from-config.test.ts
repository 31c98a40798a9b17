import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Compression, decodeEntry } from '@ringest/codec';
import {
  ConfigFileError,
  ConfigurationError,
  type IngestMuxer,
  loadConfig,
  muxerConfiguration,
  NotRunningError,
  OversizedEntryError,
  type StartOptions,
  startFromConfig,
  WaitTimeoutError,
} from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { collectLogs, SECRET } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { freePort } from '../../support/victim.js';
import vectors from '../../vectors/config.json' with { type: 'json' };

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const ENTRY = { timestamp: 0, tag: 0, data: 'an entry' };
const QUICK = { tags: ['test'], closeTimeout: 20, times: { firstRetry: 20, mostRetry: 100 } };

function fileWith(text: string, name = 'relay.conf'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, text);
  return path;
}

const gravwellFile = ({ port }: { readonly port: number }, ...lines: readonly string[]) =>
  fileWith(
    [
      ...['[Global]', `Ingest-Secret=${SECRET}`, `Cleartext-Backend-Target=127.0.0.1:${port}`],
      ...[`Ingester-UUID=${UUID}`, 'Disable-Self-Ingest=true', ...lines, ''],
    ].join('\n'),
  );

/** Starts a muxer that is closed when the test is finished. */
async function start(
  config: Parameters<typeof startFromConfig>[0],
  { muxer: own, ...options }: StartOptions = {},
): Promise<IngestMuxer> {
  const muxer = await startFromConfig(config, { ...options, muxer: { ...QUICK, ...own } });
  onTestFinished(async () => {
    await muxer.close();
  });
  return muxer;
}

describe('a muxer that starts from a Gravwell file', () => {
  it('has on the wire what the file says: name, UUID, label, compression, attached values', async () => {
    const compression = Compression.snappy;
    const indexer = await ScriptedIndexer.listen({ compression, confirms: 'at once' });
    const path = gravwellFile(
      indexer,
      ...['Ingester-Name=relay', 'Label=lab', 'Enable-Compression=true', 'Max-Body=7'],
      ...['Source-Override=10.9.8.7', '[Attach]', 'host=$HOSTNAME', 'id=$UUID', 'site="a b"'],
      ...['[Listener "x"]', 'Tag-Name=test', 'Token=Sup3rSecret'],
      ...['[Preprocessor "p"]', 'Type=drop', 'Password=Sup3rSecret'],
    );
    const sections = {
      Global: { keys: { 'Max-Body': 'integer' } },
      Listener: { named: true, keys: { 'Tag-Name': 'string', Token: 'secret' } },
    } as const;
    const config = loadConfig(path, { sections, environment: {} });
    const muxer = await start(config, { muxer: { version: '1.2' } });
    muxer.writeEntry(ENTRY);
    await muxer.sync();

    const { identity, arrivals, states } = await indexer.hot(0);
    expect(identity).toMatchObject({ name: 'relay', version: '1.2', uuid: UUID });
    expect(muxer.stats().lanes[0]?.compression).toBe('snappy');
    const enumeratedValues = { host: hostname(), id: UUID, site: 'a b' };
    expectArrivals(arrivals, [expectedArrival({ ...ENTRY, source: '10.9.8.7', enumeratedValues })]);
    expect(states[0]).toMatchObject({ name: 'relay', label: 'lab', uuid: UUID });
    expect(states[0]?.configuration).toMatchObject({
      Global: { Ingester_Name: 'relay', Max_Body: 7, Cache_Mode: 'always' },
      Attach: { host: '$HOSTNAME' },
      Listener: { x: { Tag_Name: 'test' } },
      Preprocessor: { p: { Type: 'drop' } },
    });
    const told = JSON.stringify(states[0]);
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain('Sup3rSecret');
  });

  it('takes no longer entry, and no older time, than the file allows', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const lines = ['Max-Entry-Size=10', 'Timestamp-Max-Past-Delta=1h'];
    const muxer = await start(gravwellFile(indexer, ...lines));
    const before = Date.now();
    expect(() => muxer.writeEntry({ ...ENTRY, data: 'eleven byte' })).toThrow(OversizedEntryError);
    muxer.writeEntry({ ...ENTRY, data: 'ten bytes.' });
    await muxer.sync();
    const [arrived] = (await indexer.hot(0)).arrivals;
    const { timestamp } = decodeEntry(arrived?.bytes ?? Buffer.alloc(0));
    expect(timestamp.toDate().getTime()).toBeGreaterThanOrEqual(before);
  });

  it('sends no faster than the file allows', async () => {
    const indexer = await ScriptedIndexer.listen({ answersTags: false });
    const muxer = await start(gravwellFile(indexer, 'Rate-Limit=128kbit'));
    const connection = await indexer.hot(0);
    for (let i = 0; i < 3; i++) muxer.writeEntry({ ...ENTRY, data: Buffer.alloc(2 ** 20) });
    await connection.entries(1);
    // Commands are not held back. This one comes after the thread has seen all that was written.
    muxer.negotiateTag('late');
    const { flushes } = connection;
    await connection.until('FORCE_ACK', () => connection.flushes > flushes);
    expect(connection.frames).toHaveLength(1);
  });

  it('ingests its log from the level of the file on, with the source of the file', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const lines = ['Disable-Self-Ingest=false', 'Log-Level=INFO', 'Log-Source-Override=10.1.1.1'];
    const muxer = await start(gravwellFile(indexer, ...lines));
    const connection = await indexer.hot(0);
    await connection.entries(1);
    muxer.writeEntry(ENTRY);
    await muxer.sync();
    const arrived = connection.arrivals.map(({ tag, bytes }) => [
      tag,
      `${decodeEntry(bytes).source}`,
    ]);
    expect(arrived).toContainEqual(['number 65535', '10.1.1.1']);
    expect(arrived).toContainEqual(['test', '127.0.0.1']);
    expect(arrived.filter(([tag]) => tag !== 'test').map(([, source]) => source)).not.toContain(
      '127.0.0.1',
    );
  });

  it('keeps the UUID that the first start has written into the file', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const path = fileWith(
      `[Global] # mine\nIngest-Secret=${SECRET}\nCleartext-Backend-Target=127.0.0.1:${indexer.port}\n`,
    );
    const first = await start(path);
    await first.close();
    await start(path);
    const uuids = [await indexer.hot(0), await indexer.hot(1)].map(
      ({ identity }) => identity?.uuid,
    );
    expect(uuids[0]).toBe(uuids[1]);
    expect(readFileSync(path, 'utf8')).toContain(`[Global] # mine\nIngester-UUID = "${uuids[0]}"`);
  });

  it('writes its log into the file that the configuration names, until it is closed', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const log = join(temporaryDirectory(), 'relay.log');
    const muxer = await start(gravwellFile(indexer, `Log-File=${log}`, 'Log-Level=info'));
    const closed = new Promise((resolve) => muxer.once('closed', resolve));
    const report = await muxer.close();
    expect(await closed).toEqual(report);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(
      expect.arrayContaining(['hot', 'closed']),
    );
    expect(statSync(log).mode & 0o007).toBe(0);
  });

  it('warns of keys without effect, and of a log file that a logger replaces', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const log = join(temporaryDirectory(), 'relay.log');
    const warnings: string[] = [];
    const { logger, lines } = collectLogs();
    await start(gravwellFile(indexer, 'Cache-Depth=7', `Log-File=${log}`), {
      warn: (warning) => warnings.push(warning),
      muxer: { logger },
    });
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual([
      '[Global] Cache-Depth',
      '[Global] Log-File',
    ]);
    expect(existsSync(log)).toBe(false);
    expect(lines.join('')).toContain('hot');
  });

  it('waits as long as the file says, and is closed when it has waited in vain', async () => {
    const path = gravwellFile({ port: await freePort() }, 'Connection-Timeout=30ms');
    const error: unknown = await start(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ timeout: 30 });
  });

  it('waits no longer than its signal allows', async () => {
    const path = gravwellFile({ port: await freePort() });
    const reason = new Error('enough');
    await expect(start(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each([
    ['always', true],
    ['fail', false],
  ])('waits for no connection if its cache takes entries: mode %s, %s', async (mode, starts) => {
    const cache = join(temporaryDirectory(), 'cache');
    const path = gravwellFile(
      { port: await freePort() },
      ...[`Ingest-Cache-Path=${cache}`, `Cache-Mode=${mode}`, 'Connection-Timeout=30ms'],
    );
    if (!starts) {
      await expect(start(path)).rejects.toThrow(WaitTimeoutError);
      return;
    }
    const muxer = await start(path);
    expect(muxer.hot()).toBe(0);
    muxer.writeEntry(ENTRY);
    expect(await muxer.close()).toMatchObject({ unconfirmed: 1 });
  });

  it('does not start from a file that asks for what a muxer cannot do', async () => {
    const path = gravwellFile({ port: 1 }, 'Log-File=/missing/folder/log');
    await expect(start(path)).rejects.toMatchObject({ code: 'ERR_CONFIG_FILE', field: 'Log-File' });
    const missing = join(temporaryDirectory(), 'missing.conf');
    await expect(start(missing)).rejects.toThrow(ConfigFileError);
  });
});

describe('a file that the reference was asked about', () => {
  /** The file, with one indexer of this test for its targets, and a cache of this test. */
  function fileOf(text: string, port: number): string {
    const cache = `Ingest-Cache-Path=${join(temporaryDirectory(), 'cache')}`;
    let targets = 0;
    const here = () => (targets++ === 0 ? `Cleartext-Backend-Target=127.0.0.1:${port}` : '');
    return fileWith(
      text
        .replace(/^Ingest-Cache-Path=.*$/m, cache)
        .replaceAll(/^\w+-Backend-Target ?=.*$/gm, here),
    );
  }

  const sections = {
    Listener: {
      named: true,
      keys: { 'Tag-Name': 'string', 'Bind-String': 'string', 'Ignore-Timestamps': 'boolean' },
    },
  } as const;
  const isGood = ({ global, rateLimitError }: (typeof vectors.files)[number]) =>
    global !== undefined && rateLimitError === undefined;

  it.each(vectors.files.filter(isGood))('starts, and the wire shows it: $text', async (file) => {
    const { text, global, secret = '' } = file;
    const compression = global?.Enable_Compression ? Compression.snappy : Compression.none;
    const indexer = await ScriptedIndexer.listen({ compression, confirms: 'at once', secret });
    const path = fileOf(text, indexer.port);
    const muxer = await start(loadConfig(path, { sections, environment: {} }));
    muxer.writeEntry(ENTRY);
    await muxer.sync();
    const { identity, arrivals, states } = await indexer.hot(0);
    const [uuid = ''] =
      /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(readFileSync(path, 'utf8')) ?? [];
    expect(identity).toMatchObject({ name: 'ringest', uuid });
    expect(states[0]).toMatchObject({ uuid, label: global?.Label ?? '' });
    expect(states[0]?.configuration).toMatchObject({ Global: { Log_Level: global?.Log_Level } });
    expect(muxer.stats().lanes[0]?.compression).toBe(
      global?.Enable_Compression ? 'snappy' : 'none',
    );
    const source = global?.Source_Override ?? '127.0.0.1';
    const own = arrivals.filter(({ tag }) => tag === 'test');
    expectArrivals(own, [expectedArrival({ ...ENTRY, source })]);
  });

  it.each(vectors.files.filter((file) => !isGood(file)))(
    'does not start: $text',
    async ({ text }) => {
      const config = async () => loadConfig(fileOf(text, 1), { environment: {} });
      const error: unknown = await config()
        .then((loaded) => start(loaded))
        .catch((reason: unknown) => reason);
      expect([ConfigFileError, ConfigurationError]).toContain((error as Error).constructor);
    },
  );
});

it('a file that has changed is loaded again into the running muxer', async () => {
  const [first, second] = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
  const path = gravwellFile(first);
  const muxer = await start(path);
  const text = readFileSync(path, 'utf8').replace(`:${first.port}`, `:${second.port}\nLabel=new`);
  writeFileSync(path, text);
  const { configuration } = muxerConfiguration(loadConfig(path, { environment: {} }));
  await muxer.reload({ ...QUICK, ...configuration });
  const connection = await second.hot(0);
  expect(muxer.status().targets.map(({ target }) => target)).toEqual([second.address]);
  expect(connection.states[0]?.label).toBe('new');
  await (await first.hot(0)).ended();
});

describe('a muxer that starts from a JSON file', () => {
  it('has the options of the file, and of the program', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const options = {
      targets: [{ address: indexer.address, secret: SECRET }],
      ...{ name: 'relay', uuid: UUID, tags: ['test'], selfIngest: false, attach: { site: 'a' } },
    };
    const muxer = await start(fileWith(JSON.stringify(options), 'relay.json'));
    muxer.writeEntry(ENTRY);
    await muxer.sync();
    const { identity, arrivals, states } = await indexer.hot(0);
    expect(identity).toMatchObject({ name: 'relay', uuid: UUID });
    expectArrivals(arrivals, [expectedArrival({ ...ENTRY, enumeratedValues: { site: 'a' } })]);
    expect(states[0]?.configuration).toMatchObject({ name: 'relay', targets: [indexer.address] });
    expect(JSON.stringify(states[0])).not.toContain(SECRET);
  });

  it.each([
    ['no JSON', '{\n  "secret": Sup3rSecret\n}'],
    ['a list', '[]'],
    ['nothing', ''],
  ])('is refused for %s, without a word of it', async (_name, text) => {
    const path = fileWith(text, 'relay.json');
    const error: unknown = await start(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigFileError);
    expect(error).toMatchObject({ origin: path });
    expect(`${(error as Error).stack}`).not.toContain('Sup3rSecret');
  });

  it('is refused for an option as a program is: by its field', async () => {
    const options = { targets: ['tcp://127.0.0.1:1'], secret: 'x', cache: { path: 'c', size: 1 } };
    const path = fileWith(JSON.stringify(options), 'relay.json');
    const error: unknown = await start(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ field: 'cache.size' });
  });
});

it('waitForHot is content with a cache only if it is told so', async () => {
  const cache = join(temporaryDirectory(), 'cache');
  const path = gravwellFile({ port: await freePort() }, `Ingest-Cache-Path=${cache}`);
  const muxer = await start(path);
  await muxer.waitForHot({ orCache: true });
  await expect(muxer.waitForHot({ timeout: 20 })).rejects.toThrow(WaitTimeoutError);
  await muxer.close();
  await expect(muxer.waitForHot({ orCache: true })).rejects.toThrow(NotRunningError);
});
