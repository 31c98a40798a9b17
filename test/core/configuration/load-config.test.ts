import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  ConfigFileError,
  type Environment,
  globalSecret,
  globalSettings,
  loadConfig,
  parseConfigFile,
  type SectionDeclarations,
} from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import vectors from '../../vectors/config.json' with { type: 'json' };

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

const LISTENERS = {
  Listener: {
    named: true,
    keys: {
      'Tag-Name': 'string',
      'Bind-String': 'string',
      'Cert-File': 'string',
      'Ignore-Timestamps': 'boolean',
      Preprocessor: 'preprocessors',
    },
  },
} as const satisfies SectionDeclarations;

const minimal = (...lines: string[]) =>
  [
    ...['[Global]', 'Ingest-Secret=s', 'Cleartext-Backend-Target=127.0.0.1'],
    ...[`Ingester-UUID=${UUID}`, ...lines, ''],
  ].join('\n');

/** Writes files into a fresh folder. Returns its path, and that of the first file. */
function folderWith(files: Readonly<Record<string, string | Buffer>>) {
  const folder = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { folder, path: join(folder, Object.keys(files)[0] ?? '') };
}

/** Loads a file with an environment that has nothing but what is given. */
function load(path: string, environment: Environment = {}, overlays?: readonly string[]) {
  return loadConfig(path, { sections: LISTENERS, environment, overlays });
}

function errorOf(act: () => unknown): ConfigFileError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigFileError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a file that is loaded', () => {
  it.each(vectors.files.filter(({ global }) => global))(
    'means what its text means: $text',
    ({ text }) => {
      const { path } = folderWith({ 'a.conf': text });
      const { files, settings, uuidProblem, ...loaded } = loadConfig(path, {
        sections: LISTENERS,
        environment: {},
        writeUuid: false,
      });
      expect(loaded).toEqual(parseConfigFile(text, LISTENERS));
      expect(files).toEqual([path]);
      expect(settings.map(({ origin }) => origin)).toContain(path);
    },
  );

  it.each([
    ['a syntax error', minimal('Label="a'), 'Label', 5],
    ['an unknown key', minimal('Lable=a'), 'Lable', 5],
    ['a value that cannot be used', minimal('Log-Level=LOUD'), 'Log-Level', 5],
    ['an unknown section', minimal('[Listen "a"]'), 'Listen', 5],
  ])('is named in the error for %s', (_name, text, field, line) => {
    const { path } = folderWith({ 'a.conf': text });
    const error = errorOf(() => load(path));
    expect(error).toMatchObject({ origin: path, field, position: { line } });
    expect(error.message).toContain(path);
  });

  it('is refused when it is missing, and when it is not UTF-8', () => {
    const { folder, path } = folderWith({
      'a.conf': Buffer.concat([Buffer.from(minimal('# caf')), Buffer.of(0xe9, 0x0a)]),
    });
    expect(errorOf(() => load(path))).toMatchObject({ origin: path, position: { line: 6 } });
    const missing = join(folder, 'missing.conf');
    expect(errorOf(() => load(missing)).message).toContain('ENOENT');
  });
});

describe('overlay folders', () => {
  it('add their .conf files, folder by folder and in the order of names', () => {
    const { folder, path } = folderWith({
      'a.conf': minimal('Label=base', '[Listener "x"]', 'Tag-Name=base'),
      'one/20.conf': '[Global]\nLabel=one-20\nCleartext-Backend-Target=10.0.0.2\n',
      'one/10.conf': '[Global]\nLabel=one-10\nCleartext-Backend-Target=10.0.0.1\n',
      'one/30.conf.off': '[Nonsense]\n',
      'two/05.conf': '[Listener "x"]\nTag-Name=two\n[Listener "y"]\n',
    });
    const overlays = ['one', 'two'].map((name) => join(folder, name));
    const { global, sections, files } = load(path, {}, overlays);
    expect(global.Label).toBe('one-20');
    expect(global.Cleartext_Backend_Target).toEqual(['127.0.0.1', '10.0.0.1', '10.0.0.2']);
    expect([...sections.Listener].map(([name, { Tag_Name }]) => [name, Tag_Name])).toEqual([
      ['x', 'two'],
      ['y', ''],
    ]);
    expect(files).toEqual([
      path,
      ...['one/10.conf', 'one/20.conf', 'two/05.conf'].map((name) => join(folder, name)),
    ]);
  });

  it('are the folder with the name of the file and .d, unless others are given', () => {
    const { path } = folderWith({
      'a.conf': minimal('Label=base'),
      'a.conf.d/1.conf': '[Global]\nLabel=added\n',
    });
    expect(load(path).global.Label).toBe('added');
    expect(load(path, {}, []).global.Label).toBe('base');
  });

  it('are named in errors, and refused when they are missing', () => {
    const { folder, path } = folderWith({
      'a.conf': minimal(),
      'a.conf.d/1.conf': '[Global]\nRate=1\n',
    });
    const overlay = join(folder, 'a.conf.d/1.conf');
    expect(errorOf(() => load(path))).toMatchObject({ origin: overlay, position: { line: 2 } });
    const missing = join(folder, 'missing');
    expect(errorOf(() => load(path, {}, [missing]))).toMatchObject({ origin: missing });
  });
});

describe('environment variables', () => {
  const bare = `[Global]\nIngester-UUID=${UUID}\n`;
  const loadBare = (environment: Environment, text = bare) =>
    load(folderWith({ 'a.conf': text }).path, environment);

  it('give values to keys that no file has', () => {
    const { global } = loadBare({
      GRAVWELL_INGEST_SECRET: 'from the environment',
      GRAVWELL_LOG_LEVEL: 'info',
      GRAVWELL_CLEARTEXT_TARGETS: '10.0.0.1, 10.0.0.2:99,',
      GRAVWELL_ENCRYPTED_TARGETS: 'idx',
      GRAVWELL_PIPE_TARGETS: '/p',
      GRAVWELL_ENABLE_COMPRESSION: 'T',
      GRAVWELL_CACHE_MODE: 'fail',
      GRAVWELL_CACHE_PATH: '/c',
      GRAVWELL_CACHE_SIZE: '7',
      GRAVWELL_DISABLE_SELF_INGEST: 'yes',
    });
    expect(globalSettings(global)).toMatchObject({
      secret: 'from the environment',
      logLevel: 'info',
      targets: ['tcp://10.0.0.1:4023', 'tcp://10.0.0.2:99', 'tls://idx:4024', 'pipe:///p'],
      compression: true,
      cacheMode: 'fail',
      cachePath: '/c',
      maxCacheBytes: 7 * 2 ** 20,
      selfIngest: false,
    });
  });

  it('do not replace what a file says, a false or a list of one among it', () => {
    const environment = {
      GRAVWELL_INGEST_SECRET: 'other',
      GRAVWELL_CLEARTEXT_TARGETS: '10.0.0.1',
      GRAVWELL_ENABLE_COMPRESSION: 'true',
      GRAVWELL_LOG_LEVEL: 'DEBUG',
    };
    const { global } = loadBare(environment, minimal('Enable-Compression=false', 'Log-Level='));
    expect(globalSettings(global)).toMatchObject({
      secret: 's',
      targets: ['tcp://127.0.0.1:4023'],
      compression: false,
      logLevel: 'debug',
    });
  });

  it('leave the secret to the file that a configuration names', () => {
    const { folder } = folderWith({ secret: 'from a file\n' });
    const text = `${bare}Pipe-Backend-Target=/p\nIngest-Secret-File=${join(folder, 'secret')}\n`;
    const { global } = loadBare({ GRAVWELL_INGEST_SECRET: 'other' }, text);
    expect(globalSecret(global)).toBe('from a file');
  });

  it('may name a file whose first line is the value', () => {
    const { folder } = folderWith({
      secret: 'in a file\nmore\n',
      targets: '10.0.0.1,10.0.0.2\n',
    });
    const { global } = loadBare({
      GRAVWELL_INGEST_SECRET_FILE: join(folder, 'secret'),
      GRAVWELL_CLEARTEXT_TARGETS_FILE: join(folder, 'targets'),
      GRAVWELL_LOG_LEVEL: 'WARN',
      GRAVWELL_LOG_LEVEL_FILE: join(folder, 'missing'),
    });
    expect(globalSettings(global)).toMatchObject({
      secret: 'in a file',
      targets: ['tcp://10.0.0.1:4023', 'tcp://10.0.0.2:4023'],
      logLevel: 'warn',
    });
  });

  it.each([
    ['GRAVWELL_LOG_LEVEL', 'LOUD', 'Log-Level'],
    ['GRAVWELL_ENABLE_COMPRESSION', 'maybe', 'Enable-Compression'],
    ['GRAVWELL_CACHE_SIZE', 'lots', 'Max-Ingest-Cache'],
    ['GRAVWELL_CLEARTEXT_TARGETS', 'a b', 'Cleartext-Backend-Target'],
    ['GRAVWELL_INGEST_SECRET_FILE', '/missing', 'Ingest-Secret'],
  ])('are named in the error for %s=%s', (variable, value, field) => {
    const secret = field === 'Ingest-Secret' ? '' : 's';
    const environment = { GRAVWELL_INGEST_SECRET: secret, [variable]: value };
    const error = errorOf(() => loadBare(environment, `${bare}Pipe-Backend-Target=/p\n`));
    expect(error).toMatchObject({ origin: variable, field, section: 'Global' });
    expect(error.message).toContain(variable);
  });

  it('put no secret into anything that is printed', () => {
    const loaded = loadBare({
      GRAVWELL_INGEST_SECRET: 'Sup3rSecret',
      GRAVWELL_PIPE_TARGETS: '/p',
    });
    expect(inspect(loaded, { depth: 9 })).not.toContain('Sup3rSecret');
    const environment = { GRAVWELL_INGEST_SECRET: 'Sup3rSecret' };
    expect(inspect(errorOf(() => loadBare(environment)))).not.toContain('Sup3rSecret');
  });

  it('are those of the process unless others are given', () => {
    const { path } = folderWith({ 'a.conf': `${bare}Cleartext-Backend-Target=a\n` });
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'of the process');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect(globalSecret(loadConfig(path).global)).toBe('of the process');
  });
});

describe('the sections of all ingesters', () => {
  const read = (...lines: string[]) => parseConfigFile(minimal(...lines), LISTENERS);

  it('are there without a declaration', () => {
    const { attach, timeFormats, preprocessors } = read(
      ...['[Attach]', 'host = $HOSTNAME', 'Site = "a b"', 'site = c'],
      ...['[TimeFormat "foo"]', 'Format="2006_01_02"', 'Regex=`\\d{4}_\\d{2}_\\d{2}`'],
      ...['[preprocessor "route"]', 'Type = RegexRouter', 'Route=a:b', 'route=c:d', 'Drop-Misses'],
    );
    expect(attach).toEqual({ host: '$HOSTNAME', Site: 'c' });
    expect(Object.fromEntries(timeFormats)).toEqual({
      foo: { Format: '2006_01_02', Regex: '\\d{4}_\\d{2}_\\d{2}', Extraction_Regex: '' },
    });
    const { type, values } = preprocessors.get('route') ?? {};
    expect(type).toBe('regexrouter');
    expect(Object.fromEntries(values ?? [])).toEqual({
      route: ['a:b', 'c:d'],
      'drop-misses': ['true'],
    });
  });

  it('are empty when a file does not have them', () => {
    const { attach, timeFormats, preprocessors } = read();
    expect([attach, timeFormats.size, preprocessors.size]).toEqual([{}, 0, 0]);
  });

  it.each([
    ['an attached name without a value', '[Attach]\nhost', 'host', 'Attach'],
    ['a name on [Attach]', '[Attach "x"]', 'Attach', 'Attach "x"'],
    ['a time format without a layout', '[TimeFormat "x"]\nRegex=a', 'Format', 'TimeFormat "x"'],
    ['a time format without a regex', '[TimeFormat "x"]\nFormat=a', 'Regex', 'TimeFormat "x"'],
    ['an unknown key of a time format', '[TimeFormat "x"]\nFoo=a', 'Foo', 'TimeFormat "x"'],
    ['a preprocessor without a type', '[Preprocessor "x"]\nFoo=a', 'Type', 'Preprocessor "x"'],
  ])('refuse %s', (_name, lines, field, section) => {
    expect(errorOf(() => read(lines))).toMatchObject({ field, section });
  });

  it('cannot be declared again', () => {
    const act = () => parseConfigFile(minimal(), { attach: { keys: {} } });
    expect(errorOf(act).message).toMatch(/twice/);
  });
});

describe('a listener that asks for a preprocessor', () => {
  const lines = [
    ...['[Listener "a"]', 'Preprocessor=route', '[Preprocessor "route"]', 'Type=regexrouter'],
    ...['Token=Sup3rSecret', '[Preprocessor "unused"]', 'Type=drop'],
  ];

  it('is refused by the name of what cannot be run', () => {
    const error = errorOf(() => parseConfigFile(minimal(...lines), LISTENERS));
    expect(error).toMatchObject({ section: 'Listener "a"', field: 'Preprocessor' });
    expect(error.position).toEqual({ line: 6, column: 1 });
    expect(error.message).toContain('"route" has the type "regexrouter"');
  });

  it('is accepted by a program that runs it', () => {
    const { sections } = parseConfigFile(minimal(...lines), LISTENERS, ['RegexRouter']);
    expect(sections.Listener.get('a')?.Preprocessor).toEqual(['route']);
  });

  it('is refused when there is none of that name', () => {
    const text = minimal('[Listener "a"]', 'Preprocessor=rout', ...lines.slice(2));
    const error = errorOf(() => parseConfigFile(text, LISTENERS, ['regexrouter']));
    expect(error.message).toContain('[Preprocessor "rout"]');
  });
});

describe('the level of the log', () => {
  it.each([
    ['off', 'silent'],
    ['FATAL', 'fatal'],
    ['Critical', 'fatal'],
    ['ERROR', 'error'],
    ['warn', 'warn'],
    ['INFO', 'info'],
    ['Debug', 'debug'],
  ])('may be %s', (word, level) => {
    const { global } = parseConfigFile(minimal(`Log-Level=${word}`));
    expect(globalSettings(global).logLevel).toBe(level);
  });

  it.each(['LOUD', 'WARNING', 'TRACE', '3'])('may not be %s', (word) => {
    expect(errorOf(() => parseConfigFile(minimal(`Log-Level=${word}`))).field).toBe('Log-Level');
  });
});

it('a file that has a UUID is not touched', () => {
  const text = minimal('# a comment');
  const { path } = folderWith({ 'a.conf': text });
  load(path);
  expect(readFileSync(path, 'utf8')).toBe(text);
});
