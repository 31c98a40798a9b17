import { counted, countedEntries } from '@ringest/codec';
import { readStore, type StoreDamage } from '@ringest/indexer';
import { EXIT, type ExitStatus } from '../exit-status.js';
import type { Output } from '../output.js';
import type { CatOptions } from './cat-options.js';
import { entryPrinter } from './entry-printer.js';

/** Prints the entries of a store that match, or how many there are. */
export async function catStore(
  options: CatOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const { what, tag: tags, from, to, match, follow, count } = options;
  let damaged = 0;
  let matching = 0;
  const onDamage = (damage: StoreDamage) => {
    damaged++;
    process.stderr.write(`ringest: ${describe(damage)}\n`);
  };
  const print = entryPrinter(options);
  for await (const block of readStore(what, { tags, from, to, match, follow, signal, onDamage })) {
    if (count) {
      matching += block.count;
      continue;
    }
    for (const entry of block) {
      print(entry, block.tagOf(entry), output.add);
      if (output.isFull) await output.flush();
      if (signal.aborted) break;
    }
    // Its memory may go, and who follows wants to see it.
    await output.flush();
  }
  // Who follows ends with a signal. Else not all was read then, and a count would be wrong.
  const isCutOff = signal.aborted && !follow && !output.stopped.aborted;
  if (isCutOff) process.stderr.write('ringest: a signal came before all was read\n');
  else if (count) output.add(Buffer.from(`${matching}\n`));
  await output.flush();
  return damaged === 0 && !isCutOff ? EXIT.done : EXIT.incomplete;
}

function describe({ segment, offset, bytes, entries, problem }: StoreDamage): string {
  const amount = entries === undefined ? '' : `, with ${countedEntries(entries)}`;
  return `${segment}, ${counted(bytes, 'byte')} from ${offset} on${amount}, cannot be read: ${problem}`;
}
