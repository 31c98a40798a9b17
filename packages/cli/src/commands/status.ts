import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  ringest status
  ringest status --json --watch | jq .rates
  ringest status /run/ringest/ship-4242.sock

A running ringest ship or relay answers on a Unix socket that its user alone can reach: ship-PID.sock or
relay-PID.sock in the folder
$RUNTIME_DIRECTORY (of a systemd unit), $XDG_RUNTIME_DIR/ringest, or ringest-USER in the folder for
temporary files. Without an argument, all that answer there, in /run/ringest and in /run/ringest-relay are asked.

Exit status: 0 all of them have an indexer connected, and a cache that works if they have one; 1 one of
them has not; 2 the command line cannot be used; 3 none answers.`;

/** Adds `ringest status`. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .summary('show how a running ship or relay does')
    .description(
      'Show the lanes, rates, cache and followed files of each running ringest ship or relay of this user.',
    )
    .argument('[socket]', 'the status socket of one of them')
    .option('--json', 'print a line of JSON for each', false)
    .option('--watch', 'again each second, until SIGINT or SIGTERM', false)
    .addHelpText('after', EXAMPLES)
    .action(async (socket: string | undefined, flags: { json: boolean; watch: boolean }) => {
      const { showStatus } = await import('../status/show-status.js');
      process.exitCode = await showStatus({ ...flags, socket });
    });
}
