import { Command } from 'commander';
import { addBalanceCommand } from './balance-command.js';
import { type CeilingRow, runCeiling } from './ceiling.js';
import { runCodec } from './codec-bench.js';
import { duration, integer } from './flags.js';

/** `pnpm bench`: what things cost here. */
const program = new Command('bench').description('Measure parts of ringest on this machine');

program
  .command('ceiling')
  .description('the muxer beside one thread that writes frames made beforehand, in one run')
  .option('--rounds <n>', 'how often each is measured; medians count', integer(1, 100), 5)
  .option('--duration <time>', 'how long each writes', duration, 1000)
  .option('--json', 'end with a JSON object on the last line', false)
  .action(async (options: { rounds: number; duration: number; json: boolean }) => {
    const sizes = await runCeiling(options, tellRow);
    if (options.json) console.log(JSON.stringify({ sizes }));
  });

addBalanceCommand(program);

program.command('codec').description('encode and decode').action(runCodec);

await program.parseAsync();

function tellRow({ size, ceiling, writeEntry, writeBatch }: CeilingRow): void {
  const million = (rate: number) => `${(rate / 1e6).toFixed(2)} M/s`;
  const share = (rate: number) => `${million(rate)} (${(rate / ceiling).toFixed(2)})`;
  console.log(
    `${size} bytes: ceiling ${million(ceiling)}, ` +
      `writeEntry ${share(writeEntry)}, writeBatch ${share(writeBatch)}`,
  );
}
