import { removeAll } from './namespaces.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What names of networks begin with that are there. */
const prefixes = new Set<string>();

/** Removes a network when it is disposed of, when the process exits, and when a signal ends it. */
export function removeAtTheEnd(prefix: string): Disposable {
  if (prefixes.size === 0) {
    process.on('exit', removeEach);
    for (const signal of SIGNALS) process.on(signal, removeAndEnd);
  }
  prefixes.add(prefix);
  return {
    [Symbol.dispose]() {
      if (!prefixes.has(prefix)) return;
      removeAll(prefix);
      prefixes.delete(prefix);
      if (prefixes.size > 0) return;
      process.off('exit', removeEach);
      for (const signal of SIGNALS) process.off(signal, removeAndEnd);
    },
  };
}

function removeEach(): void {
  for (const prefix of prefixes) removeAll(prefix);
}

function removeAndEnd(signal: NodeJS.Signals): void {
  removeEach();
  for (const one of SIGNALS) process.off(one, removeAndEnd);
  // It ends as it would have without a listener.
  process.kill(process.pid, signal);
}
