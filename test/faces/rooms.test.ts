import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The table of packages in `docs/architecture.md`: a package may import those that are named. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  workers: ['codec'],
  cache: ['codec', 'workers/thread'],
  core: ['codec', 'workers', 'cache'],
  indexer: ['codec'],
  timestamps: [],
  flags: ['core', 'indexer'],
  metrics: ['core'],
  queues: ['codec', 'core'],
  nats: ['codec', 'core', 'queues'],
  kafka: ['codec', 'core', 'queues'],
  relay: ['codec', 'core', 'indexer'],
  pino: ['core'],
  winston: ['core'],
  cli: [
    'bench/load',
    'bench/tune',
    'codec',
    'cache/tools',
    'core',
    'flags',
    'indexer',
    'kafka',
    'nats',
    'queues',
    'relay',
    'timestamps',
  ],
};

/**
 * The tables of rooms in `docs/architecture.md`: a room may import those that are named, and files at the
 * root of its own package that do not import the room, directly or by way of others.
 */
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  workers: {
    generated: [],
    ring: ['generated'],
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
    repair: ['disk', 'format', 'log', 'main', 'dump'],
  },
  core: {
    'gravwell-file': [],
    balancing: [],
    configuration: ['gravwell-file', 'balancing'],
    placing: ['balancing', 'configuration'],
    cache: ['configuration', 'placing'],
    producing: ['configuration', 'placing', 'cache'],
    waiting: ['balancing', 'placing', 'cache', 'producing'],
    entries: ['balancing', 'configuration', 'placing', 'waiting'],
    streams: ['entries'],
    producer: ['configuration', 'placing', 'cache', 'producing', 'waiting', 'entries', 'streams'],
    records: ['streams'],
    reporting: [
      'balancing',
      'configuration',
      'placing',
      'cache',
      'producing',
      'waiting',
      'entries',
    ],
    muxer: ['configuration', 'placing', 'cache', 'producing', 'waiting', 'entries', 'reporting'],
  },
  indexer: {
    admission: [],
    behaviour: [],
    reading: ['behaviour'],
    store: ['reading'],
    cli: ['admission', 'store'],
  },
  timestamps: {
    zones: [],
    layouts: ['zones'],
    formats: ['layouts'],
    extraction: ['zones', 'layouts', 'formats'],
  },
  cli: {
    status: [],
    ship: ['status'],
    relay: ['ship', 'status'],
    manual: [],
    cat: [],
    check: ['ship'],
    cache: [],
    commands: ['ship', 'relay', 'status', 'cat', 'check', 'cache', 'manual'],
  },
};

/** The rooms that files at the root of a package may import. A file that is not named may import none. */
const ROOT_FILES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  cache: { 'messages.js': ['disk', 'log'], 'tools.js': ['main', 'dump', 'repair'] },
  core: {
    'muxer.js': [
      'configuration',
      'producing',
      'waiting',
      'entries',
      'streams',
      'reporting',
      'muxer',
    ],
    'start-from-config.js': ['gravwell-file', 'configuration'],
  },
  indexer: {
    'listen-options.js': ['admission'],
    'indexer-options.js': ['reading', 'store'],
    'ingest-server.js': ['admission', 'reading'],
    'indexer.js': ['behaviour', 'reading'],
  },
  cli: { 'create-program.js': ['commands'] },
};

/** The faces of a package. They may import everything in it, and no file of it may import them. */
const FACES = ['index.js', 'internal.js'];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a file imports, as it is written. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\(|import)\s*'([^']+)'/g)].map(
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

  /** The room of a file; of a file at the root, its name as an import has it. */
  const placeOf = (path: string) =>
    relative(source, path).replace(/\.ts$/, '.js').split('/')[0] ?? '';
  const imports = files.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => {
        const target = join(dirname(file), specifier);
        const text = `${relative(ROOT, file)} imports ${relative(ROOT, target)}`;
        return { from: placeOf(file), to: placeOf(target), text };
      })
      .filter(({ from, to }) => from !== to && !FACES.includes(from)),
  );

  it('has rooms, and files at its root, that import only rooms below them', () => {
    const below = { ...ROOMS[name], ...ROOT_FILES[name] };
    const wrong = imports.filter(({ from, to }) => {
      if (FACES.includes(to)) return true;
      const isRoom = !to.endsWith('.js');
      return isRoom && !(below[from] ?? []).includes(to);
    });
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it('has no room and no file at its root that imports itself by way of others', () => {
    const reachedFrom = (place: string): ReadonlySet<string> => {
      const reached = new Set<string>();
      const open = [place];
      for (const at of open) {
        for (const { from, to } of imports) {
          if (from !== at || reached.has(to)) continue;
          reached.add(to);
          open.push(to);
        }
      }
      return reached;
    };
    const places = new Set(imports.map(({ from }) => from));
    expect([...places].filter((place) => reachedFrom(place).has(place))).toEqual([]);
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
