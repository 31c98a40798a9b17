import { readdirSync, readFileSync } from 'node:fs';
import { NoThreadTimesError } from './thread-meter.js';

/**
 * The processor time of all threads of a process that are there, in nanoseconds.
 * @throws {NoThreadTimesError} this is not Linux
 */
export function processTime(pid: number): number {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).reduce((sum, thread) => {
      const [nanoseconds] = readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ');
      return sum + Number(nanoseconds);
    }, 0);
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? new NoThreadTimesError() : cause;
  }
}
