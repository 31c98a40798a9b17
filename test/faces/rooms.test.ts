import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The table of rooms in `docs/architecture.md`: a room may import those that are named, and the files
 * at the root of its own package that are no face and no muxer.
 */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  workers: ['codec'],
  cache: ['codec', 'workers/thread'],
  core: ['codec', 'workers', 'cache'],
  indexer: ['codec'],
  timestamps: [],
};

const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  workers: {
    ring: [],
    thread: [],
    connection: ['ring'],
    lane: ['ring', 'thread'],
    worker: ['ring', 'thread', 'connection'],
  },
  cache: {
    disk: [],
    format: ['disk'],
    log: ['disk', 'format'],
    main: ['disk', 'format', 'log'],
    worker: ['disk', 'format', 'log'],
    dump: ['disk', 'format', 'log'],
  },
  core: {
    'gravwell-file': [],
    balancing: [],
    configuration: ['gravwell-file', 'balancing'],
    placing: ['balancing', 'configuration'],
    cache: ['configuration', 'placing'],
    waiting: ['balancing', 'placing', 'cache'],
    entries: ['balancing', 'configuration', 'placing', 'waiting'],
    reporting: ['balancing', 'configuration', 'placing', 'cache', 'waiting', 'entries'],
  },
  timestamps: {
    zones: [],
    layouts: ['zones'],
    formats: ['layouts'],
    extraction: ['zones', 'layouts', 'formats'],
  },
};

/** Files at the root of a package that stand above all of its rooms. */
const ABOVE = ['index.js', 'internal.js', 'muxer.js'];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a file imports, as it is written. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?ts$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

describe.each(Object.entries(PACKAGES))('the package %s', (name, allowed) => {
  const source = join(ROOT, 'packages', name, 'src');
  const files = sourcesIn(source);

  it('imports only packages below it, by their public faces', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('@ringest/'))
        .filter((specifier) => {
          const [, other = '', face = ''] = specifier.split('/');
          if (allowed.includes(`${other}/${face}`)) return false;
          return !allowed.includes(other) || face === 'internal';
        })
        .map((specifier) => `${relative(ROOT, file)} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has rooms that import only rooms below them', () => {
    const rooms = ROOMS[name] ?? {};
    const roomOf = (path: string) => {
      const [first = '', ...rest] = relative(source, path).split('/');
      return rest.length > 0 ? first : '';
    };
    const wrong = files.flatMap((file) => {
      const room = roomOf(file);
      const below = rooms[room];
      if (below === undefined) return [];
      return importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(file), specifier))
        .filter((target) => {
          const other = roomOf(target);
          if (other === '') return ABOVE.includes(relative(source, target));
          return other !== room && !below.includes(other);
        })
        .map((target) => `${relative(ROOT, file)} imports ${relative(ROOT, target)}`);
    });
    expect(wrong).toEqual([]);
  });
});

it('tests and benchmarks import packages by their names', () => {
  const wrong = ['test', 'bench/src'].flatMap((folder) =>
    sourcesIn(join(ROOT, folder)).flatMap((file) =>
      importsOf(file)
        .filter((specifier) => /(packages\/\w+|bench)\/(dist|src)\//.test(specifier))
        .map((specifier) => `${relative(ROOT, file)} imports ${specifier}`),
    ),
  );
  expect(wrong).toEqual([]);
});
