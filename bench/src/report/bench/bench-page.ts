import { compact, measured, percent } from '../figures/format.js';
import type { Page, Section } from '../page/page.js';
import {
  balanceSections,
  scalingSections,
  simulationSections,
  threadsSections,
  timesSections,
} from './costs.js';
import { fleetSections } from './fleet.js';
import { queuesSections } from './queues.js';
import {
  cacheSections,
  ceilingSections,
  compressionSections,
  httpSections,
  producersSections,
  relaySections,
  ringsSections,
  streamsSections,
  transportsSections,
} from './rates.js';
import type { BenchName, BenchResults } from './results.js';

interface Showing<Result> {
  /** What was found, in a few words. */
  readonly headline: (result: Result) => string;
  readonly sections: (result: Result) => Section[];
  /** Nothing in it depends on the machine. */
  readonly isSimulated?: true;
}

const SHOWN: { readonly [Name in BenchName]: Showing<BenchResults[Name]> } = {
  ceiling: {
    headline: ({ sizes }) => {
      const shares = sizes.map((row) => row.writeBatch / row.ceiling);
      return `writeBatch reaches ${range(shares, percent)} of the ceiling`;
    },
    sections: ceilingSections,
  },
  threads: { headline: () => 'What an entry costs each thread', sections: threadsSections },
  producers: {
    headline: ({ rows }) =>
      `Up to ${compact(Math.max(...rows.map((row) => row.entriesPerSecondWithCores)))} entries a second, ` +
      'given the cores',
    sections: producersSections,
  },
  relay: {
    headline: ({ sizes }) =>
      `${range(
        sizes.map(({ ways }) => ways[1]?.ratioToDirect ?? 0),
        percent,
      )} of the direct rate through a relay`,
    sections: relaySections,
  },
  queues: {
    headline: ({ rows }) =>
      `Up to ${compact(Math.max(...rows.map((row) => row.takenPerSecond)))} messages a second from a queue`,
    sections: queuesSections,
  },
  rings: { headline: () => 'What small rings cost', sections: ringsSections },
  scaling: { headline: () => 'How the cost of an entry grows', sections: scalingSections },
  streams: { headline: () => 'A file of lines, by five ways', sections: streamsSections },
  http: { headline: () => 'A muxer beside a client of HTTP', sections: httpSections },
  compression: {
    headline: ({ rows }) =>
      `snappy leaves ${range(
        rows.map(({ snappy }) => snappy.wireShare),
        percent,
      )} of the bytes`,
    sections: compressionSections,
  },
  transports: { headline: () => 'TCP, TLS and Unix sockets', sections: transportsSections },
  cache: { headline: () => 'What a disk cache costs', sections: cacheSections },
  times: {
    headline: ({ rows }) =>
      `${range(
        rows.map(({ nanosecondsPerLine }) => nanosecondsPerLine),
        measured,
      )} ns to find the time in a line`,
    sections: timesSections,
  },
  balance: { headline: () => 'Shares among four indexers', sections: balanceSections },
  simulation: { headline: () => 'Up to a thousand indexers', sections: simulationSections },
  fleet: {
    headline: () => 'Many ingesters on the same indexers',
    sections: fleetSections,
    isSimulated: true,
  },
};

/** The commands of benchmarks that are not called as their results. */
const COMMANDS: Partial<Record<BenchName, string>> = {
  simulation: 'balance --simulate',
  fleet: 'balance --fleet',
};

/** The page of a benchmark. */
export function benchPage<Name extends BenchName>(
  name: Name,
  description: string,
  result: BenchResults[Name],
  circumstances: Page['circumstances'],
): Page {
  const { headline, sections, isSimulated } = SHOWN[name];
  return {
    title: `ringest bench ${COMMANDS[name] ?? name}`,
    headline: headline(result),
    lede: isSimulated
      ? `Simulated: ${description}. The same seed gives the same figures on every machine.`
      : `Measured: ${description}. Bars are medians of all rounds. Machines differ, and from day to day: ` +
        'compare within a page, not between pages.',
    tiles: [],
    sections: sections(result),
    circumstances,
    data: result,
  };
}

function range(values: readonly number[], format: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(format);
  return least === most ? `${least}` : `${least} to ${most}`;
}
