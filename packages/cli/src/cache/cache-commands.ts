import { statSync } from 'node:fs';
import { dumpCache, requeueQuarantine } from '@ringest/cache/tools';
import { counted, countedEntries } from '@ringest/codec';
import { CommandError } from '../errors.js';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { Output } from '../output.js';

/** Prints what is in a cache. */
export async function dump(path: string, { entries }: { entries: boolean }): Promise<ExitStatus> {
  checkFolder(path);
  const reports = entries ? process.stderr : process.stdout;
  const output = new Output();
  const printEntry = async (entry: object) => {
    output.add(Buffer.from(`${JSON.stringify(entry)}\n`));
    if (output.isFull) await output.flush();
    output.stopped.throwIfAborted();
  };
  try {
    const { damaged, unread } = await dumpCache(path, {
      report: (line) => reports.write(`${line}\n`),
      entry: entries ? printEntry : undefined,
    });
    await output.flush();
    return damaged + unread === 0 ? EXIT.done : EXIT.incomplete;
  } catch (error) {
    if (!output.stopped.aborted) throw error;
    return EXIT.done;
  }
}

/** Reads every entry of a cache, and prints what cannot be read. */
export async function verify(path: string): Promise<ExitStatus> {
  checkFolder(path);
  const { damaged, unread } = await dumpCache(path, {
    report: (line) => process.stdout.write(`${line}\n`),
    // They are decoded, and go nowhere.
    entry: async () => {},
    onlyDamage: true,
  });
  return damaged + unread === 0 ? EXIT.done : EXIT.incomplete;
}

/** Puts the quarantine back into a cache, as far as that can be done. */
export function requeue(
  path: string,
  { damaged, tag }: { damaged: boolean; tag?: string },
): ExitStatus {
  checkFolder(path);
  const report = (line: string) => process.stdout.write(`${line}\n`);
  const { entries, removed, kept } = requeueQuarantine(path, { damaged, tag, report });
  const files = counted(removed, 'file');
  report(
    `${countedEntries(entries)} back in the cache; ${files} left the quarantine, ${kept} stay`,
  );
  return kept === 0 ? EXIT.done : EXIT.incomplete;
}

function checkFolder(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) throw new CommandError(`${path}: there is no such folder`);
}
