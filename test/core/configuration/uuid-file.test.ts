import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { globalUuid, loadConfig, parseUuid } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ZEROS = '00000000-0000-0000-0000-000000000000';
const load = (path: string) => loadConfig(path, { environment: {} });

function fileWith(text: string, name = 'a.conf'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, text);
  return path;
}

/** Loads a file without a UUID. Returns what it wrote into it, with `<uuid>` for the UUID. */
function written(text: string): string {
  const path = fileWith(text);
  const { global, uuidProblem } = load(path);
  expect(uuidProblem).toBeUndefined();
  const uuid = parseUuid(global.Ingester_UUID);
  expect(uuid).not.toBe(ZEROS);
  const after = readFileSync(path, 'utf8');
  expect(load(path).global.Ingester_UUID).toBe(uuid);
  expect(readFileSync(path, 'utf8')).toBe(after);
  return after.replaceAll(uuid, '<uuid>');
}

const REST = 'Ingest-Secret=s\nPipe-Backend-Target=/p\n';
const LINE = 'Ingester-UUID = "<uuid>"';

describe('a UUID that a file does not have is written into it', () => {
  it.each([
    ['below the header, with all comments', `# one\n[Global] # two\n; three\n${REST}`, [1, LINE]],
    ['below the first of several headers', `[Global]\n${REST}[Global]\nLabel=a\n`, [0, LINE]],
    ['in the last line of a file', `${REST.replace(/^/, '[Attach]\na=b\n[Global]\n')}`, [2, LINE]],
  ] as const)('%s', (_name, text, [after, line]) => {
    const lines = text.split('\n');
    lines.splice(after + 1, 0, line);
    expect(written(text)).toBe(lines.join('\n'));
  });

  it('with the line ends, and the byte order mark, of the file', () => {
    const text = `\uFEFF[Global]\n${REST}`.replaceAll('\n', '\r\n');
    expect(written(text)).toBe(text.replace('[Global]\r\n', `[Global]\r\n${LINE}\r\n`));
  });

  it.each([
    [
      'an empty value',
      'Ingester-UUID= # to be filled in',
      'Ingester-UUID= "<uuid>"# to be filled in',
    ],
    ['quotes', 'ingester-uuid = ""  ; c', 'ingester-uuid = "<uuid>"  ; c'],
    ['zeros', `Ingester-UUID=${ZEROS}`, 'Ingester-UUID="<uuid>"'],
    ['zeros in backticks', `Ingester-UUID=\`${ZEROS}\` # c`, 'Ingester-UUID="<uuid>" # c'],
  ])('in the place of %s', (_name, before, after) => {
    expect(written(`[Global]\n${REST}${before}\n`)).toBe(`[Global]\n${REST}${after}\n`);
  });

  it('in the place of the last of several', () => {
    const zeros = `Ingester-UUID=${ZEROS}\n`;
    expect(written(`[Global]\n${zeros}${REST}${zeros}`)).toBe(
      `[Global]\n${zeros}${REST}Ingester-UUID="<uuid>"\n`,
    );
  });

  it('at the end, when only an overlay has the section, and in the overlay that has the key', () => {
    const path = fileWith('[Attach]\na=b\n');
    mkdirSync(`${path}.d`);
    const overlay = join(`${path}.d`, '1.conf');
    writeFileSync(overlay, `[Global]\n${REST}`);
    const first = load(path).global.Ingester_UUID;
    expect(readFileSync(path, 'utf8')).toBe(
      `[Attach]\na=b\n\n[Global]\n${LINE.replace('<uuid>', first)}\n`,
    );
    writeFileSync(overlay, `[Global]\nIngester-UUID=\n${REST}`);
    writeFileSync(path, '[Attach]\na=b\n');
    const second = load(path).global.Ingester_UUID;
    expect(readFileSync(overlay, 'utf8')).toBe(`[Global]\nIngester-UUID="${second}"\n${REST}`);
  });

  it('with the mode that the file has, through a symbolic link, and leaves nothing beside it', () => {
    const path = fileWith(`[Global]\n${REST}`);
    chmodSync(path, 0o640);
    const link = join(temporaryDirectory(), 'link.conf');
    symlinkSync(path, link);
    load(link);
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(readFileSync(path, 'utf8')).toContain('Ingester-UUID');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(path, '..'))).toEqual(['a.conf']);
  });

  it('unless the program does not want that', () => {
    const text = `[Global]\n${REST}`;
    const path = fileWith(text);
    const { global } = loadConfig(path, { environment: {}, writeUuid: false });
    expect(globalUuid(global)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

it('a UUID that cannot be written holds for this run, and the problem says so', () => {
  // The name of the file is so long that none beside it can be made with a longer one.
  const name = `${'a'.repeat(240)}.conf`;
  const text = `[Global]\n${REST}`;
  const path = fileWith(text, name);
  const { global, uuidProblem } = load(path);
  expect(globalUuid(global)).toBeDefined();
  expect(uuidProblem).toMatchObject({ origin: path, field: 'Ingester-UUID' });
  expect(uuidProblem?.message).toContain('ENAMETOOLONG');
  expect(readFileSync(path, 'utf8')).toBe(text);
});
