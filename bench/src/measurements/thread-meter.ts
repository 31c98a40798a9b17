import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { median } from '../shared/median.js';

/** Processor time, in nanoseconds. */
export interface ProcessorTime {
  readonly user: number;
  readonly system: number;
}

/** What the threads of a process took. */
export interface ThreadTimes {
  /** The thread that writes. */
  readonly main: ProcessorTime;
  /** Threads that were started after the meter was made: those of the muxer. */
  readonly workers: ProcessorTime;
  /** Threads that were there before: those of Node.js, which collect garbage and compile. */
  readonly others: ProcessorTime;
}

const GROUPS = ['main', 'workers', 'others'] as const;
const TASKS = '/proc/self/task';

/** What the system says of a thread since it started. */
interface Reading {
  readonly nanoseconds: number;
  /** Of 10 ms; they say how the time is divided. */
  readonly userTicks: number;
  readonly systemTicks: number;
}

const NOTHING: Reading = { nanoseconds: 0, userTicks: 0, systemTicks: 0 };

/** Processor time is read from files that only Linux has. */
export class NoThreadTimesError extends Error {
  readonly code = 'NO_THREAD_TIMES';

  constructor() {
    super(`the processor time of threads is read from ${TASKS}/*/schedstat, which only Linux has`);
    this.name = 'NoThreadTimesError';
  }
}

/** Measures the processor time of each thread of this process. */
export class ThreadMeter {
  readonly #before: ReadonlySet<string>;
  #start: ReadonlyMap<string, Reading> = new Map();
  #times: ThreadTimes | undefined;

  /** @throws {NoThreadTimesError} */
  static assertPossible(): void {
    if (!existsSync(`${TASKS}/${process.pid}/schedstat`)) throw new NoThreadTimesError();
  }

  constructor() {
    this.#before = new Set(readdirSync(TASKS));
  }

  /** Time counts from now on. */
  begin(): void {
    this.#start = readThreads();
  }

  /** Time counts no longer. Threads that have ended by now are not counted. */
  end(): void {
    const sums = { main: NOTHING, workers: NOTHING, others: NOTHING };
    for (const [thread, reading] of readThreads()) {
      const group = this.#groupOf(thread);
      sums[group] = add(sums[group], reading, this.#start.get(thread) ?? NOTHING);
    }
    this.#times = {
      main: divide(sums.main),
      workers: divide(sums.workers),
      others: divide(sums.others),
    };
  }

  /** What the threads took between {@link begin} and {@link end}. */
  get times(): ThreadTimes {
    if (this.#times === undefined) throw new Error('the meter has not come to its end');
    return this.#times;
  }

  #groupOf(thread: string): (typeof GROUPS)[number] {
    if (thread === `${process.pid}`) return 'main';
    return this.#before.has(thread) ? 'others' : 'workers';
  }
}

/** The medians of each number, of times that are divided by a number of entries each. */
export function medianTimes(samples: readonly (ThreadTimes & { entries: number })[]): ThreadTimes {
  const medianOf = (group: (typeof GROUPS)[number], part: keyof ProcessorTime) =>
    median(samples.map((sample) => sample[group][part] / sample.entries));
  const timeOf = (group: (typeof GROUPS)[number]) => ({
    user: medianOf(group, 'user'),
    system: medianOf(group, 'system'),
  });
  return { main: timeOf('main'), workers: timeOf('workers'), others: timeOf('others') };
}

function add(sum: Reading, end: Reading, start: Reading): Reading {
  return {
    nanoseconds: sum.nanoseconds + end.nanoseconds - start.nanoseconds,
    userTicks: sum.userTicks + end.userTicks - start.userTicks,
    systemTicks: sum.systemTicks + end.systemTicks - start.systemTicks,
  };
}

function divide({ nanoseconds, userTicks, systemTicks }: Reading): ProcessorTime {
  const user =
    systemTicks === 0 ? nanoseconds : (nanoseconds * userTicks) / (userTicks + systemTicks);
  return { user, system: nanoseconds - user };
}

/** By thread. `schedstat` has nanoseconds, but only `stat` tells user from system. */
function readThreads(): Map<string, Reading> {
  const readings = new Map<string, Reading>();
  for (const thread of readdirSync(TASKS)) {
    const [nanoseconds] = readFileSync(`${TASKS}/${thread}/schedstat`, 'latin1').split(' ', 1);
    const stat = readFileSync(`${TASKS}/${thread}/stat`, 'latin1');
    // The name, in parentheses, may have spaces; the ticks are the 14th and the 15th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [userTicks, systemTicks] = fields.slice(11, 13).map(Number) as [number, number];
    readings.set(thread, { nanoseconds: Number(nanoseconds), userTicks, systemTicks });
  }
  return readings;
}
