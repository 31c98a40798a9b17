import type { Path, TuneConfiguration } from './tune-report.js';

/** What configurations are made of: each takes one of each list. The first of each are the default. */
export interface Choices {
  readonly workers: readonly number[];
  readonly connections: readonly number[];
  readonly ringBytes: readonly number[];
  readonly paths: readonly Path[];
  /** Entries to a `writeBatch`. */
  readonly batches: readonly number[];
}

/** What a machine lets one choose from. */
export interface Room {
  readonly processors: number;
  readonly memoryBytes: number;
  /** How many indexers there are. */
  readonly targets: number;
}

/** A configuration, and what it is called. */
export interface Candidate {
  readonly name: string;
  readonly configuration: TuneConfiguration;
}

/** Configurations that may be tried. */
export interface Space {
  /** What the others are compared with. */
  readonly base: Candidate;
  /** Those that differ from it in one thing. */
  readonly neighbours: readonly Candidate[];
  /** Those that differ in more. */
  readonly others: readonly Candidate[];
  /** How many were left out because their rings would take too much of the memory. */
  readonly tooLarge: number;
}

/** The rings of all lanes may have such a share of the memory. */
const MEMORY_SHARE = 1 / 4;

const MEBIBYTE = 2 ** 20;

/** What is chosen from unless it is said: the defaults of a muxer first, and what a machine bears. */
export function defaultChoices({ processors }: Pick<Room, 'processors'>): Choices {
  return {
    workers: [processors, ...powersOfTwo(processors).filter((workers) => workers < processors)],
    connections: [1, 2, 4, 8],
    ringBytes: [16, 1, 4, 64].map((mebibytes) => mebibytes * MEBIBYTE),
    paths: ['entry', 'batch', 'lines'],
    batches: [1024, 64],
  };
}

/** All configurations of these choices that differ from each other and fit the memory. */
export function makeSpace(choices: Choices, room: Room): Space {
  const all = new Map<string, Candidate>();
  for (const configuration of combinations(choices, room)) {
    const name = nameOf(configuration);
    if (!all.has(name)) all.set(name, { name, configuration });
  }
  const [base, ...rest] = all.values();
  if (base === undefined) throw new RangeError('a list of choices is empty');
  const fits = ({ configuration }: Candidate) =>
    configuration.ringBytes * configuration.connections * room.targets <=
    room.memoryBytes * MEMORY_SHARE;
  const fitting = rest.filter(fits);
  const isNear = ({ configuration }: Candidate) =>
    differences(configuration, base.configuration, room) === 1;
  return {
    base,
    neighbours: fitting.filter(isNear),
    others: fitting.filter((candidate) => !isNear(candidate)),
    tooLarge: rest.length - fitting.length,
  };
}

/** A name that says all of it. */
export function nameOf(configuration: TuneConfiguration): string {
  const { path, batch, ringBytes, connections, workers } = configuration;
  const how = path === 'batch' ? `batch ${batch}` : path;
  return `${how}, ring ${formatBytes(ringBytes)}, connections ${connections}, workers ${workers}`;
}

/** Bytes of a power of two. */
export function formatBytes(bytes: number): string {
  return bytes >= MEBIBYTE ? `${bytes / MEBIBYTE} MiB` : `${bytes / 1024} KiB`;
}

/** The default comes first. */
function combinations(choices: Choices, { targets }: Room): TuneConfiguration[] {
  const { workers: threads, connections, ringBytes, paths, batches } = choices;
  return connections.flatMap((perTarget) =>
    threads.flatMap((most) =>
      ringBytes.flatMap((bytes) =>
        paths.flatMap((path) =>
          (path === 'batch' ? batches : [0]).map((batch) => ({
            // More would have nothing to do.
            workers: Math.min(most, perTarget * targets),
            connections: perTarget,
            ringBytes: bytes,
            path,
            batch,
          })),
        ),
      ),
    ),
  );
}

/** In how many things two configurations differ. Threads that more lanes bring with them are none. */
function differences(a: TuneConfiguration, b: TuneConfiguration, { targets }: Room): number {
  const isPathOther = a.path !== b.path || a.batch !== b.batch;
  const mostWorkers = Math.min(a.connections, b.connections) * targets;
  const isOther = [
    isPathOther,
    a.ringBytes !== b.ringBytes,
    a.connections !== b.connections,
    Math.min(a.workers, mostWorkers) !== Math.min(b.workers, mostWorkers),
  ];
  return isOther.filter(Boolean).length;
}

/** 1, 2, 4 and so on, up to a number. */
function powersOfTwo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, power) => 2 ** power);
}
