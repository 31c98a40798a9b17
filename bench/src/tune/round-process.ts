import { runLoad } from '../load/load-run.js';
import type { FromRound, RoundFigures, RoundSettings, ToRound } from './round-messages.js';
import { RoundWindow } from './round-window.js';

/** One round, in a process of its own: a load. It ends when it has told what came of it. */
process.once('message', ({ settings }: ToRound) => {
  run(settings).then(
    (figures) => tell({ kind: 'done', figures }),
    (error: Error) => tell({ kind: 'failed', message: error.message }),
  );
});
process.on('disconnect', () => process.exit());
// A terminal sends its interrupt to the whole group; the tuner ends this process.
process.on('SIGINT', () => {});

async function run({ options, warmUpMs, measuredMs }: RoundSettings): Promise<RoundFigures> {
  const window = new RoundWindow(warmUpMs, measuredMs);
  const report = await runLoad(options, window, new AbortController().signal);
  const { entries, lost, resent, latencyMs, ackLatencyMs } = report;
  return {
    ...{ entries, lost, resent },
    ...window.figures(report),
    p99Ms: (latencyMs ?? ackLatencyMs).p99,
    problems: window.problems,
  };
}

function tell(message: FromRound): void {
  process.send?.(message, () => process.disconnect());
}
