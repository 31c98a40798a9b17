import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { SECRET } from '../support/muxer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { connectSender } from '../support/sender.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const UUID = '1a2b3c4d-0000-4000-8000-000000000001';

const textOf = (bytes: Buffer): string => decodeEntry(bytes).data.toString();

/** A running `ringest ship` with a configuration file. */
function shipConfigured(folder: string, sections: string, target = '127.0.0.1:1'): NodeProcess {
  const config = writeConfig(folder, sections, target);
  return new NodeProcess(RINGEST, ['ship', '--config', config, '--poll', '10ms']);
}

function writeConfig(folder: string, sections: string, target: string): string {
  const config = join(folder, 'ship.conf');
  const global = `Ingest-Secret=${SECRET}\nIngester-UUID=${UUID}\nDisable-Self-Ingest=true\n`;
  writeFileSync(
    config,
    `[Global]\n${global}Cleartext-Backend-Target=${target}\nState-Store-Location=${folder}/state\n${sections}`,
  );
  return config;
}

it('ships what the listeners and followers of a configuration file take, each with its tag and its times', async () => {
  const indexer = await CollectingIndexer.start();
  const folder = temporaryDirectory();
  const logs = join(folder, 'logs');
  mkdirSync(join(logs, 'deep'), { recursive: true });
  writeFileSync(join(logs, 'deep', 'a.log'), '2026_01_02_03_04_05 one\n');
  writeFileSync(join(logs, 'b.txt'), 'not this\n');
  const process = shipConfigured(
    folder,
    `
[Listener "lines"]
  Bind-String="tcp://127.0.0.1:0"
  Tag-Name=lines
  Source-Override=10.9.8.7
  Timezone-Override=Europe/Paris
[Listener "syslog"]
  Bind-String="127.0.0.1:0"
  Reader-Type=rfc5424
  Tag-Name=syslog
[Listener "whole"]
  Bind-String="udp://127.0.0.1:0"
  Reader-Type=rfc5424
  Keep-Priority=true
[Follower "deep"]
  Base-Directory=${logs}
  File-Filter="*.log,*.none"
  Recursive=true
  Tag-Name=files
[TimeFormat "scored"]
  Format="2006_01_02_15_04_05"
  Regex="[0-9]+(_[0-9]+)+"
`,
    indexer.address.replace('tcp://', ''),
  );
  const [, lines, syslog] = await process.says(
    'stderr',
    /lines on tcp:\/\/127\.0\.0\.1:(\d+)\n.*syslog on tcp:\/\/127\.0\.0\.1:(\d+)\n.*syslog on udp/,
  );
  connectSender(Number(lines)).end('2026-01-01 12:00:00 two\n');
  connectSender(Number(syslog)).end('<34>1 2026-01-02T03:04:05Z three\n');
  await eventually(() => expect(indexer.received).toHaveLength(3));
  const found = indexer.received.map(({ tag, bytes }) => {
    const { data, timestamp, source } = decodeEntry(bytes);
    return [tag, data.toString(), timestamp.toString(), String(source)];
  });
  expect(found.sort()).toEqual([
    ['files', '2026_01_02_03_04_05 one', '2026-01-02T03:04:05Z', '127.0.0.1'],
    ['lines', '2026-01-01 12:00:00 two', '2026-01-01T11:00:00Z', '10.9.8.7'],
    ['syslog', '1 2026-01-02T03:04:05Z three', '2026-01-02T03:04:05Z', '127.0.0.1'],
  ]);
  expect(await process.end('SIGTERM')).toBe(0);
  writeFileSync(join(logs, 'deep', 'a.log'), '2026_01_02_03_04_05 one\nfour\n');
  const again = shipConfigured(
    folder,
    `[Follower "deep"]\nBase-Directory=${logs}\nFile-Filter=*.log\nRecursive=true\nTag-Name=files\n`,
    indexer.address.replace('tcp://', ''),
  );
  await eventually(() => expect(indexer.received.length).toBeGreaterThan(3));
  expect(await again.end('SIGTERM')).toBe(0);
});

it('changes its listeners and followed files at SIGHUP, and goes on with those that stay', async () => {
  const indexer = await CollectingIndexer.start();
  const target = indexer.address.replace('tcp://', '');
  const folder = temporaryDirectory();
  const listener = (name: string) =>
    `[Listener "${name}"]\nBind-String="tcp://127.0.0.1:0"\nTag-Name=${name}\n`;
  const follower = (tag: string) =>
    `[Follower "f"]\nBase-Directory=${folder}\nFile-Filter=*.log\nTag-Name=${tag}\n`;
  const received = () => indexer.received.map(({ tag, bytes }) => [tag, textOf(bytes)].join(' '));
  writeFileSync(join(folder, 'a.log'), 'one\nhalf');
  const process = shipConfigured(folder, listener('stays') + follower('before'), target);
  const [, stays] = await process.says('stderr', /lines on tcp:\/\/127\.0\.0\.1:(\d+)\n/);
  const sender = connectSender(Number(stays));
  sender.write('two\n');
  await eventually(() => expect(received().sort()).toEqual(['before one', 'stays two']));

  writeConfig(folder, listener('stays') + listener('comes') + follower('after'), target);
  process.kill('SIGHUP');
  await process.says('stderr', /read again/);
  const [, comes] = await process.says('stderr', /lines on .*\n[\s\S]*lines on .*:(\d+)\n/);
  sender.write('three\n');
  connectSender(Number(comes)).end('four\n');
  appendFileSync(join(folder, 'a.log'), ' and half\n');
  await eventually(() =>
    expect(received().slice(2).sort()).toEqual([
      'after half and half',
      'comes four',
      'stays three',
    ]),
  );

  writeConfig(folder, listener('comes'), target);
  process.kill('SIGHUP');
  await process.says('stderr', /read again[\s\S]*read again/);
  await eventually(() => expect(sender.closed).toBe(true));
  appendFileSync(join(folder, 'a.log'), 'five\n');
  connectSender(Number(comes)).end('six\n');
  await eventually(() => expect(received().at(-1)).toBe('comes six'));
  expect(received()).toHaveLength(6);
  expect(await process.end('SIGTERM')).toBe(0);
});

it('takes from flags what a section does not say of times', async () => {
  const indexer = await CollectingIndexer.start();
  const folder = temporaryDirectory();
  const sections = ['Europe/Paris', ''].map(
    (zone, at) =>
      `[Follower "${at}"]\nBase-Directory=${folder}\nFile-Filter=${at}.log\nTag-Name=t${at}\nTimezone-Override=${zone}\n`,
  );
  for (const at of [0, 1]) writeFileSync(join(folder, `${at}.log`), '2026-01-02 12:00:00 one\n');
  const config = writeConfig(folder, sections.join(''), indexer.address.replace('tcp://', ''));
  const flags = ['--poll', '10ms', '--assume-time-zone', '+05:00'];
  const process = new NodeProcess(RINGEST, ['ship', '--config', config, ...flags]);
  await indexer.entries(2);
  const times = indexer.received.map(({ tag, bytes }) => [
    tag,
    decodeEntry(bytes).timestamp.toString(),
  ]);
  expect(times.sort()).toEqual([
    ['t0', '2026-01-02T11:00:00Z'],
    ['t1', '2026-01-02T07:00:00Z'],
  ]);
  expect(await process.end('SIGTERM')).toBe(0);
});

it('refuses at SIGHUP to keep its state somewhere else, and goes on as before', async () => {
  const indexer = await CollectingIndexer.start();
  const target = indexer.address.replace('tcp://', '');
  const folder = temporaryDirectory();
  const sections = `[Listener "a"]\nBind-String="tcp://127.0.0.1:0"\n`;
  const process = shipConfigured(folder, sections, target);
  const [, port] = await process.says('stderr', /lines on tcp:\/\/127\.0\.0\.1:(\d+)\n/);
  const config = join(folder, 'ship.conf');
  writeFileSync(config, readFileSync(config, 'utf8').replace('/state\n', '/other\n'));
  process.kill('SIGHUP');
  await process.says('stderr', /stays as it was: .*State-Store-Location/);
  connectSender(Number(port)).end('one\n');
  await indexer.entries(1);
  expect(await process.end('SIGTERM')).toBe(0);
});

it.each([
  ['[Listener "x"]\nBind-String=here', /Listener "x".*Bind-String.*must be \[host:\]port/],
  ['[Listener "x"]\nBind-String=1\nReader-Type=other', /Reader-Type.*must be line, rfc5424/],
  ['[Listener "x"]\nBind-String=tls://1', /Bind-String.*takes a Cert-File and a Key-File/],
  ['[Listener "x"]\nBind-String=1\nTag-Name="a b"', /Tag-Name/],
  [
    '[Listener "x"]\nBind-String=1\nTimezone-Override=UTC\nAssume-Local-Timezone=true',
    /a zone and/,
  ],
  ['[Listener "x"]\nBind-String=1\nTimezone-Override=Nowhere', /Nowhere/],
  ['[Follower "x"]\nTag-Name=a', /Follower "x".*Base-Directory.*it is missing/],
  ['[Follower "x"]\nSpeed=5', /Speed/],
  [
    '[Follower "x"]\nBase-Directory=/a\n[Follower "y"]\nBase-Directory=/a',
    /Follower "y".*\/a\/\* is followed already/,
  ],
])('says what cannot be used: %s', async (sections, message) => {
  const process = shipConfigured(temporaryDirectory(), sections);
  expect(await process.end()).toBe(2);
  expect(process.stderr).toMatch(message);
});
