import { median, quantile } from '../shared/median.js';
import type { Candidate } from './configurations.js';
import { thisMachine } from './machine.js';
import { CONFIDENCE } from './plan.js';
import { MEASURES } from './score.js';
import { compareWith, type Found } from './search.js';
import type { TuneOptions } from './tune-options.js';
import type { TuneCandidate, TuneConfiguration, TuneReport, TuneRound } from './tune-report.js';
import { compareFinalist, recommend } from './verdict.js';

/** What a tuner has when all rounds are done. */
export interface Tuned {
  readonly options: TuneOptions;
  /** All that there are. */
  readonly candidates: readonly Candidate[];
  readonly base: Candidate;
  readonly found: Found;
  readonly rounds: readonly TuneRound[];
  readonly spaceSize: number;
  readonly targets: readonly string[];
  readonly startedAt: Date;
  readonly elapsedMs: number;
}

export function summarize(tuned: Tuned): TuneReport {
  const { options, base, found, rounds, spaceSize, targets, startedAt, elapsedMs } = tuned;
  const { goal, seed, load } = options;
  const candidates = tuned.candidates
    .filter(({ name }) => rounds.some(({ candidate }) => candidate === name))
    .map((candidate) => summarizeCandidate(candidate, tuned))
    .sort((a, b) => b.rung - a.rung || b.ratioToDefault - a.ratioToDefault);
  const { recommended, sure } = recommend(found, base.name);
  const { configuration = base.configuration } =
    candidates.find(({ name }) => name === recommended) ?? {};
  return {
    kind: 'tune',
    startedAt: startedAt.toISOString(),
    seed,
    goal,
    rate: load.pace?.to ?? null,
    unit: MEASURES[goal].unit,
    machine: thisMachine(),
    targets,
    isEmbedded: load.targets.length === 0,
    entryBytes: load.entryBytes,
    content: load.content,
    spaceSize,
    elapsedMs: Math.round(elapsedMs),
    rounds,
    candidates,
    recommended,
    sure,
    muxer: {
      connectionsPerTarget: configuration.connections,
      workers: configuration.workers,
      ringBytes: configuration.ringBytes,
    },
    loadFlags: loadFlags(configuration, options),
  };
}

function summarizeCandidate(
  { name, configuration }: Candidate,
  { options, base, found, rounds }: Tuned,
): TuneCandidate {
  const measure = MEASURES[options.goal];
  const own = rounds.filter(({ candidate }) => candidate === name);
  const values = own.map(measure.valueOf);
  const isFinalist = found.finalists.some((finalist) => finalist.name === name);
  const { ratio, interval } = isFinalist
    ? compareFinalist(found, name, base.name)
    : compareWith(found.rounds, name, base.name, CONFIDENCE);
  return {
    name,
    isDefault: name === base.name,
    configuration,
    rounds: own.length,
    median: median(values),
    low: quantile(values, 1 / 4),
    high: quantile(values, 3 / 4),
    entriesPerSecond: median(own.map(({ entriesPerSecond }) => entriesPerSecond)),
    processorSecondsPerMillion: median(own.map((round) => round.processorSecondsPerMillion)),
    p99Ms: median(own.map(({ p99Ms }) => p99Ms)),
    ratioToDefault: ratio,
    ratioLow: interval?.low ?? null,
    ratioHigh: interval?.high ?? null,
    rung: Math.max(...own.map(({ rung }) => rung)),
  };
}

function loadFlags(configuration: TuneConfiguration, { load }: TuneOptions): string[] {
  const { connections, workers, ringBytes, path, batch } = configuration;
  const addresses = (scheme: string) =>
    load.targets
      .filter((target) => target.startsWith(`${scheme}://`))
      .map((target) => target.slice(scheme.length + 3));
  const flags = (['tcp', 'tls', 'pipe'] as const).flatMap((scheme) => {
    const found = addresses(scheme);
    const flag = scheme === 'tcp' ? 'clear' : scheme;
    return found.length === 0 ? [] : [`--${flag}-conns`, found.join(',')];
  });
  return [
    ...flags,
    ...(load.tlsCa === undefined ? [] : ['--tls-ca', load.tlsCa]),
    ...(load.tlsClient ? ['--tls-cert', load.tlsClient.cert, '--tls-key', load.tlsClient.key] : []),
    ...(load.insecureSkipVerify ? ['--insecure-no-tls-validate'] : []),
    ...(load.tenant === undefined ? [] : ['--ingest-tenant', load.tenant]),
    ...['--connections', `${connections}`, '--workers', `${workers}`],
    ...['--ring-bytes', `${ringBytes}`],
    ...(path === 'batch' ? ['--batch', `${batch}`] : path === 'lines' ? ['--lines'] : []),
    ...(load.compression === 'none' ? [] : ['--compression']),
    ...(load.targets.length > 0 || load.transport === 'tcp' ? [] : ['--transport', load.transport]),
    ...(load.pace === undefined ? [] : ['--rate', `${load.pace.to}/s`]),
    ...['--content', load.content, '--entry-size', `${load.entryBytes}`],
    ...['--tag-name', load.tagNames.join(',')],
  ];
}
