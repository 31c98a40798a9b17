import type { Command } from 'commander';

/** Flags that cannot be used together, by the names of their values. */
export interface Refusal {
  readonly flag: string;
  readonly others: readonly string[];
  /** Ends the sentence that refuses them. */
  readonly why: string;
}

/** The addresses of indexers that are not embedded ones. */
export const ADDRESSES = ['clearConns', 'tlsConns', 'pipeConns'];

const REFUSALS: readonly Refusal[] = [
  {
    flag: 'transport',
    others: ADDRESSES,
    why: 'it says how an embedded indexer is reached, and with the addresses of others there is none',
  },
  {
    flag: 'killEvery',
    others: ADDRESSES,
    why: 'the account of an embedded indexer says what was lost, and others have none',
  },
  {
    flag: 'killEvery',
    others: ['duration', 'rate', 'ramp'],
    why: 'it spreads --entry-count entries over five times between two kills',
  },
  {
    flag: 'killEvery',
    others: ['require'],
    why: 'what is required holds of one ingester that is not disturbed',
  },
  {
    flag: 'chaos',
    others: ADDRESSES,
    why: 'only embedded indexers are harmed, never those of others',
  },
  {
    flag: 'chaos',
    others: ['killEvery'],
    why: 'one harms the indexers, the other the ingester: it would not be known who lost an entry',
  },
  {
    flag: 'chaos',
    others: ['digest'],
    why:
      'entries are sent again when an indexer is killed, may arrive at two of them, and would be in ' +
      'the sum twice',
  },
  { flag: 'rate', others: ['ramp'], why: 'a ramp is a rate that changes' },
  { flag: 'source', others: ['randomSource'], why: 'entries have one source or many' },
  { flag: 'lines', others: ['batch'], why: 'a line writer makes its own batches' },
  {
    flag: 'lines',
    others: ['randomSource', 'timeSpan', 'disorder'],
    why: 'a line writer gives all of its lines one source and one time',
  },
];

/**
 * Ends the process with a sentence that says why, when flags are given that cannot be used together.
 * @param more of a command that has other flags beside those of a load
 */
export function refusePairs(program: Command, more: readonly Refusal[] = []): void {
  const isGiven = (name: string) => program.getOptionValueSource(name) === 'cli';
  const long = (name: string) =>
    program.options.find((option) => option.attributeName() === name)?.long ?? name;
  for (const { flag, others, why } of [...REFUSALS, ...more]) {
    const other = isGiven(flag) ? others.find(isGiven) : undefined;
    if (other === undefined) continue;
    program.error(`error: ${long(flag)} cannot be used with ${long(other)}: ${why}`);
  }
}
