import { appendFileSync, writeFileSync } from 'node:fs';
import { type ProcessFacts, readFacts } from '../processes/process-facts.js';
import { type SelfReport, SelfWatch } from '../processes/self-watch.js';
import type { Stage } from '../stage.js';
import type { FaultRecord, ProcessSample, TotalSample } from './samples.js';

/** The name of the process that runs the soak. */
export const SUPERVISOR = 'soak';

/** What is recorded. */
export type Recorded = Pick<Stage, 'indexers' | 'parts' | 'account' | 'streams'>;

/**
 * Looks at all processes at regular times, and writes what it sees to a file, a line of JSON for each process and each
 * fault, so that the record of a run that was cut off is there as well.
 */
export class Recorder {
  readonly samples: ProcessSample[] = [];
  readonly totals: TotalSample[] = [];
  readonly faults: FaultRecord[] = [];
  readonly #path: string;
  readonly #recorded: Recorded;
  readonly #start = performance.now();
  readonly #watch = new SelfWatch();
  readonly #timer: NodeJS.Timeout;

  /**
   * @param path of the file, which begins anew
   * @param run what is known of the run from the beginning
   * @param intervalMs between two looks, in milliseconds
   */
  constructor(path: string, run: object, recorded: Recorded, intervalMs: number) {
    this.#path = path;
    this.#recorded = recorded;
    writeFileSync(path, '');
    this.#write({ kind: 'run', ...run });
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** A fault is over. */
  add(fault: FaultRecord): void {
    this.faults.push(fault);
    this.#write({ kind: 'fault', ...fault });
  }

  /** Looks a last time. */
  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  #look(): void {
    const { indexers, parts, account, streams } = this.#recorded;
    for (const { name, process } of indexers) this.#sample(name, process.pid, process.takeSelf());
    for (const part of parts) {
      const latencyMs = part.takeLatency();
      const more = { counts: part.counts, ...(latencyMs && { latencyMs }) };
      this.#sample(part.name, part.process.pid, part.process.takeSelf(), more);
      for (const [name, other] of part.others ?? []) {
        this.#sample(name, other.pid, other.takeSelf());
      }
    }
    this.#sample(SUPERVISOR, process.pid, this.#watch.take());
    const total = { seconds: this.seconds, ...account.counts(streams) };
    this.totals.push(total);
    this.#write({ kind: 'total', ...total });
  }

  /** A process that was killed, and has not started again, has no sample. */
  #sample(
    name: string,
    pid: number | undefined,
    self: SelfReport | undefined,
    more: Pick<ProcessSample, 'counts' | 'latencyMs'> = {},
  ): void {
    const facts: ProcessFacts | undefined = pid === undefined ? undefined : readFacts(pid);
    if (pid === undefined || facts === undefined) return;
    const sample = { seconds: this.seconds, name, pid, ...facts, ...(self && { self }), ...more };
    this.samples.push(sample);
    this.#write({ kind: 'process', ...sample });
  }

  #write(line: object): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}
