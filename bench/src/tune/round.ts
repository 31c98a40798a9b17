import { fork } from 'node:child_process';
import { once } from 'node:events';
import { withoutSecret } from '../shared/child-environment.js';
import type { FromRound, RoundFigures, RoundSettings, ToRound } from './round-messages.js';

/**
 * Runs a round in a process of its own.
 * @param stop ends the process
 * @throws the load failed, or the process ended early
 */
export async function runRound(settings: RoundSettings, stop: AbortSignal): Promise<RoundFigures> {
  const round = fork(new URL('./round-process.js', import.meta.url), {
    env: withoutSecret(),
    // Numbers may be infinite.
    serialization: 'advanced',
    signal: stop,
    killSignal: 'SIGKILL',
  });
  let answer: FromRound | undefined;
  round.on('message', (message: FromRound) => {
    answer = message;
  });
  // That it was gone before it heard is told by its exit.
  round.send({ kind: 'settings', settings } satisfies ToRound, () => {});
  try {
    const [[code, signal]] = await Promise.all([once(round, 'exit'), once(round, 'disconnect')]);
    if (answer?.kind === 'done') return answer.figures;
    if (answer?.kind === 'failed') throw new Error(answer.message);
    throw new Error(`the process of a round ended early, with ${signal ?? `code ${code}`}`);
  } catch (error) {
    stop.throwIfAborted();
    throw error;
  }
}
