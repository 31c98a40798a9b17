/** One subject that `pnpm soak` tests for longer than the test command does. */
export interface LongForm {
  readonly name: string;
  readonly description: string;
  /** Arguments of `vitest run`. */
  readonly tests: readonly string[];
  /** Parts of the time that is shared out; 0: it takes the time that its work takes. */
  readonly parts: number;
  /** The release of Node.js that runs it, if it is not the one at hand. */
  readonly node?: string;
}

/** All of them, in the order in which they run. */
export const LONG_FORMS: readonly LongForm[] = [
  {
    name: 'timing',
    description: 'times, rates and processor use, with their tolerances',
    tests: ['--project', 'soak', 'test/soak/memory/', 'test/soak/timing/'],
    parts: 0,
  },
  {
    name: 'hours',
    description: 'some seconds of load through everything with faults, as --hours has it',
    tests: ['--project', 'soak', 'test/soak/hours/'],
    parts: 0,
  },
  {
    name: 'fleet',
    description: 'up to 100 ingesters and 1,000 indexers in simulated time: no herd',
    tests: ['--project', 'soak', 'test/soak/fleet/'],
    parts: 0,
  },
  {
    name: 'packages',
    description: 'the packages, installed in an empty folder, under Node.js 20.19, 22 and 24',
    tests: ['--project', 'soak', 'test/soak/packages/'],
    parts: 0,
  },
  {
    name: 'load',
    description: 'the load generator over every transport, by the gigabyte',
    tests: ['--project', 'engine', 'test/integration/'],
    parts: 0,
  },
  {
    name: 'hostile',
    description: 'peers that break the protocol, with more seeds',
    tests: ['--project', 'engine', 'test/hostile/'],
    parts: 0,
  },
  {
    name: 'relayed',
    description:
      'tests of muxers and of indexers, with a relay between the two, by tcp, TLS, snappy and for a tenant',
    tests: ['--project', 'relayed-*'],
    parts: 0,
  },
  {
    name: 'kills',
    description:
      '1,000 ingesters with a cache that are killed, and the command, with files and with a queue',
    tests: [
      ...['--project', 'engine', 'test/kill/'],
      ...['test/cli/follow-kills.test.ts', 'test/cli/queues/kills.test.ts'],
    ],
    parts: 0,
  },
  {
    name: 'millions',
    description:
      'ten million lines of seq through ringest ship, counted one by one with ringest cat',
    tests: ['--project', 'engine', 'test/cli/millions.test.ts'],
    parts: 0,
  },
  {
    name: 'kafka',
    description: 'members of a consumer group of Kafka, of which twenty are killed in turn',
    tests: ['--project', 'engine', 'test/kafka/'],
    parts: 0,
  },
  {
    name: 'properties',
    description: 'properties and models with many more cases',
    tests: ['--project', 'fast'],
    parts: 0,
  },
  {
    name: 'cache',
    description: 'the cache through the muxer, with more rounds',
    tests: ['--project', 'engine', 'test/cache/', 'test/core/cache/'],
    parts: 0,
  },
  {
    name: 'networks',
    description: 'networks that lose, delay, reorder and cut, clocks that jump, disks that fill',
    tests: ['--project', 'soak', 'test/soak/networks/'],
    parts: 0,
  },
  {
    name: 'faults',
    description: 'indexers and threads that are killed and stopped under load',
    tests: ['--project', 'engine', 'test/fault/'],
    parts: 1,
  },
  {
    name: 'fuzzing',
    description: 'bytes that nobody has thought of, for every decoder',
    tests: ['--project', 'alone', 'test/fuzz/'],
    parts: 2,
  },
  ...['22', '24'].map((node) => ({
    name: `node${node}`,
    description: `the test command's suite under Node.js ${node}`,
    tests: ['--project', 'fast', '--project', 'engine', '--project', 'alone'],
    parts: 0,
    node,
  })),
];
