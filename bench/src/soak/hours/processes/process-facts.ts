import { readdirSync, readFileSync } from 'node:fs';

/** What the system says about a process. */
export interface ProcessFacts {
  readonly rssBytes: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  readonly threads: number;
}

/** Reads them from `/proc`; `undefined`: the process is gone. */
export function readFacts(pid: number): ProcessFacts | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
    const rssBytes = field('VmRSS') * 1024;
    // What has exited and is not waited for yet has no memory.
    if (Number.isNaN(rssBytes)) return undefined;
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { rssBytes, descriptors, threads: field('Threads') };
  } catch {
    return undefined;
  }
}
