import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { run } from './ringest.js';

const GLOBAL = '[Global]\nIngest-Secret = hunter2\nCleartext-Backend-Target=127.0.0.1:4023\n';

/** A file with this text, and perhaps one in its overlay folder. */
function config(text: string, overlay?: string): string {
  const file = join(temporaryDirectory(), 'ringest.conf');
  writeFileSync(file, text);
  if (overlay !== undefined) {
    mkdirSync(`${file}.d`);
    writeFileSync(`${file}.d/more.conf`, overlay);
  }
  return file;
}

describe('ringest check', () => {
  it('says what each setting is and where it comes from, and no secret', async () => {
    const file = config(`${GLOBAL}Log-Level=WARN\nCache-Depth=5\n`, '[Global]\nLog-Level=INFO\n');
    const { status, stdout } = await run('check', file, '--all');
    expect(status).toBe(0);
    expect(stdout).not.toContain('hunter2');
    const lines = stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '));
    expect(lines).toEqual(
      expect.arrayContaining([
        `${file} with 1 overlay can be used.`,
        `Ingest-Secret  (secret)  file ${file}:2:1`,
        `Cleartext-Backend-Target  127.0.0.1:4023  file ${file}:3:1`,
        `Log-Level  WARN  file ${file}:4:1, replaced by a later one`,
        `Log-Level  INFO  overlay ${file}.d/more.conf:2:1`,
        'Cache-Mode  always  default',
        'Enable-Compression  false  default',
        expect.stringContaining(`warning: ${file}:5:1: [Global] Cache-Depth: it has no effect`),
      ]),
    );
  });

  it('names the place of a key that is unknown, for editors, with status 2', async () => {
    const file = config(`${GLOBAL}  Rats-Limit=1mbit\n`);
    const { status, stdout } = await run('check', file);
    expect(status).toBe(2);
    expect(stdout).toBe(
      `${file}:4:3: [Global] Rats-Limit: this key is not known in this section; did you mean Rate-Limit?\n`,
    );
  });

  it('finds all problems of all sections in one go, in the order of their lines', async () => {
    const text = `[Global]
Ingest-Sekret=x
Cleartext-Backend-Target=127.0.0.1:99999
Log-Level=LOUD
Rate-Limit=1Zbit
 =5
[Listner "a"]
Tag-Name=x
[Listener "b"
Tag-Name=never said
[Listener "c"]
Tag-Name=a b
Reader-Type=xml
Timezone-Override=Nowhere
Bind-String=tls://127.0.0.1:1
Keep-Priority=perhaps
[Follower "d"]
File-Filter=*
Timestamp-Format-Override=Never
`;
    const file = config(text, '[Global]\nMax-Entry-Size=-1\n');
    const { status, stdout } = await run('check', file);
    expect(status).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    const place = /^(.*?):(\d+):(\d+): (.*)/;
    expect(lines.map((line) => place.exec(line)?.slice(2, 4).join(':') ?? line)).toEqual([
      '2:1',
      '3:1',
      '4:1',
      '6:2',
      '7:1',
      '9:14',
      '12:1',
      '13:1',
      '14:1',
      '15:1',
      '16:1',
      '19:1',
      '2:1',
      expect.stringContaining('[Global] Ingest-Secret: is missing'),
      expect.stringContaining('[Follower "d"] Base-Directory: it is missing'),
    ]);
    expect(stdout).toContain('did you mean Ingest-Secret?');
    expect(stdout).toContain('did you mean Listener?');
  });

  it('says what a muxer would refuse beside what is wrong elsewhere', async () => {
    const { stdout } = await run('check', config(`${GLOBAL}Rate-Limit=1Zbit\n[Attch]\n`));
    expect(stdout).toMatch(/:4:1: \[Global\] Rate-Limit: .*\n.*:5:1: .*did you mean Attach\?\n$/);
  });

  it('says it in JSON, with the place of a value that cannot be used', async () => {
    const file = config(`${GLOBAL}Rate-Limit=1Zbit\n`);
    const { status, stdout } = await run('check', file, '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      problems: [
        { text: expect.stringContaining('is not a rate'), origin: file, line: 4, column: 1 },
      ],
    });
  });

  it('knows the listeners and followers that ship takes from a file', async () => {
    const listener = '[Listener "web"]\nBind-String=127.0.0.1:7777\nTag-Name=web\n';
    const good = await run('check', config(GLOBAL + listener));
    expect(good.status).toBe(0);
    expect(good.stdout).toMatch(/\[Listener "web"\]\n {2}Bind-String +127.0.0.1:7777/);
    const file = config(GLOBAL + listener.replace('=web', '=w e b'));
    const bad = await run('check', file);
    expect(bad.status).toBe(2);
    expect(bad.stdout).toContain(`${file}:6:1: [Listener "web"] Tag-Name: `);
  });

  it('does not write a UUID into the file', async () => {
    const file = config(GLOBAL);
    await run('check', file);
    expect(readFileSync(file, 'utf8')).toBe(GLOBAL);
  });

  it('refuses a file that is not there', async () => {
    const { status, stdout } = await run('check', '/nowhere');
    expect([status, stdout]).toEqual([2, '/nowhere: the file cannot be read: ENOENT\n']);
  });
});

describe('the settings of a configuration that was loaded', () => {
  const settingsOf = (text: string, environment = {}) =>
    loadConfig(config(text), {
      environment,
      writeUuid: false,
      sections: { Listener: { named: true, keys: { 'Tag-Name': 'string', Password: 'secret' } } },
    }).settings;

  it('have the variable that gives a value, each value of a list', () => {
    const settings = settingsOf('[Global]\nIngest-Secret=x\n', {
      GRAVWELL_CLEARTEXT_TARGETS: '10.0.0.1,10.0.0.2',
    });
    expect(settings.filter(({ source }) => source === 'environment')).toMatchObject([
      { key: 'Cleartext-Backend-Target', value: '10.0.0.1', isReplaced: false },
      { value: '10.0.0.2', origin: 'GRAVWELL_CLEARTEXT_TARGETS', position: undefined },
    ]);
    const defaults = settings.filter(({ source }) => source === 'default');
    expect(defaults.map(({ key }) => key)).not.toContain('Cleartext-Backend-Target');
    expect(defaults).toContainEqual(expect.objectContaining({ key: 'Log-Level', value: 'ERROR' }));
  });

  it('know that a key without = clears a list', () => {
    const target = 'Cleartext-Backend-Target';
    const settings = settingsOf(`${GLOBAL}${target}\n${target}=10.0.0.3\n`);
    const targets = settings.filter(({ key }) => key === target);
    expect(targets.map(({ value, isReplaced }) => [value, isReplaced])).toEqual([
      ['127.0.0.1:4023', true],
      ['', false],
      ['10.0.0.3', false],
    ]);
  });

  it('keep secrets of declared sections, and whatever preprocessors have', () => {
    const settings = settingsOf(
      `${GLOBAL}[Listener "a"]\ntag-name=x\npassword=hunter3\n[Preprocessor "p"]\nType=drop\nKey=hunter4\n`,
    );
    const own = settings.filter(({ section }) => section !== 'Global');
    expect(own.map(({ section, key, value }) => [section, key, value])).toEqual([
      ['Listener "a"', 'Tag-Name', 'x'],
      ['Listener "a"', 'Password', undefined],
      ['Preprocessor "p"', 'Type', undefined],
      ['Preprocessor "p"', 'Key', undefined],
    ]);
    expect(JSON.stringify(settings)).not.toContain('hunter');
  });
});

const LISTENER =
  '[IngestListener "dmz"]\nIngest-Secret = tell-no-one\nCleartext-Bind=127.0.0.1:0\n';

describe('ringest check of the file of a relay', () => {
  it('says what each setting is, and no secret, and warns of what has no effect', async () => {
    const file = config(`${GLOBAL}Log-File=/tmp/x.log\n`, `${LISTENER}Tags=syslog-*\n`);
    const { status, stdout } = await run('check', file);
    expect(stdout).not.toMatch(/hunter2|tell-no-one/);
    expect(stdout).toContain(`warning: ${file}:4:1: [Global] Log-File: it has no effect`);
    const lines = stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '));
    expect(lines).toEqual(
      expect.arrayContaining([
        `${file} with 1 overlay can be used.`,
        '[IngestListener "dmz"]',
        `Ingest-Secret  (secret)  overlay ${file}.d/more.conf:2:1`,
        `Tags  syslog-*  overlay ${file}.d/more.conf:4:1`,
      ]),
    );
    expect(status).toBe(0);
  });

  it('finds all problems in one go, with their places, also as JSON', async () => {
    const text = `[Global]
Ingest-Secret=hunter2
Cleartext-Backend-Target=127.0.0.1:99999
[Attach]
dynamic = x
[IngestListener "a"]
Cleartext-Bind=127.0.0.1:0
[IngestListener "b"]
Ingest-Secret=x
Cleartext-Bind=127.0.0.1:0
Tags=good
Tags=b a d
Tags=other
[IngestListener "c"]
Ingest-Secret=x
Cleartext-Bind=127.0.0.1:0
TLS-Bind=127.0.0.1:0
TLS-Certfile=/nowhere/cert.pem
TLS-Keyfile=/nowhere/key.pem
[IngestListener "d"]
Ingest-Secret=x
Cleartext-Bind=127.0.0.1:123456
Bind=1
[IngestListener "e"]
Ingest-Secret=x
Cleartext-Bind=127.0.0.1:0
Max-Tags=-1
`;
    const file = config(text);
    const { status, stdout } = await run('check', file, '--json');
    expect(status).toBe(2);
    const { problems } = JSON.parse(stdout);
    const found = problems.map(
      ({ text: problem, line, column }: { text: string; line: number; column: number }) =>
        `${line}:${column} ${problem}`,
    );
    expect(found).toEqual([
      expect.stringMatching(/^3:1 \[Global\] Cleartext-Backend-Target: /),
      expect.stringMatching(/^12:1 \[IngestListener "b"\] Tags: "b a d" fits no tag/),
      expect.stringMatching(/^18:1 \[IngestListener "c"\] TLS-Certfile: .*ENOENT/),
      expect.stringMatching(/^22:1 \[IngestListener "d"\] Cleartext-Bind: /),
      expect.stringMatching(/^23:1 \[IngestListener "d"\] Bind: this key is not known/),
      expect.stringMatching(/^27:1 \[IngestListener "e"\] Max-Tags: /),
      expect.stringMatching(/\[IngestListener "a"\] Ingest-Secret: it is missing/),
    ]);
  });

  it.each([
    ['Source-Override=10.0.0.1', '[Global] Source-Override'],
    ['Timestamp-Max-Past-Delta=1h', '[Global] Timestamp-Max-Past-Delta'],
    ['[Attach]\nsite=here', '[Attach] site'],
  ])('says that a relay does not change entries: %s', async (text, key) => {
    const file = config(`${LISTENER}${GLOBAL}${text}\n`);
    const { status, stdout } = await run('check', file);
    const line = text.startsWith('[') ? 8 : 7;
    expect(stdout).toBe(
      `${file}:${line}:1: ${key}: a relay sends entries on as they are: leave it to the ingesters\n`,
    );
    expect(status).toBe(2);
  });
});
