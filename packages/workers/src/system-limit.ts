import { SystemLimitError } from './errors.js';

/**
 * Reserves memory.
 *
 * @param what for the message, as `16 bytes for a large entry`
 * @throws {SystemLimitError} there is none
 */
export function reserve<Memory>(
  limit: 'addressSpace' | 'memory',
  what: string,
  make: () => Memory,
): Memory {
  try {
    return make();
  } catch (cause) {
    throw new SystemLimitError(limit, `there is no memory for ${what}`, cause);
  }
}

/** The error of a file or a thread; or, where a limit of the system is the reason, one that says so. */
export function explainLimit(error: Error): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // That a thread could not be made has a code of its own, and the system's in its message.
  const all = `${code} ${message}`;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new SystemLimitError('heap', `a thread ran out of memory (${code})`, error);
  }
  if (/\b(EMFILE|ENFILE)\b/.test(all)) {
    return new SystemLimitError('files', `too many files are open (${message})`, error);
  }
  if (code === 'ERR_WORKER_INIT_FAILED' && /\bEAGAIN\b/.test(all)) {
    return new SystemLimitError('threads', `a thread cannot be made (${message})`, error);
  }
  return error;
}
