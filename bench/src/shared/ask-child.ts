import type { ChildProcess } from 'node:child_process';

interface Message {
  readonly kind: string;
}

/**
 * Waits for a message of a kind from a process.
 * @param who it is, in the message of the error when it ends before, or has ended
 */
export function answerOf<From extends Message, Kind extends From['kind']>(
  child: ChildProcess,
  kind: Kind,
  who: string,
): Promise<Extract<From, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const { exitCode, signalCode } = child;
    if (exitCode !== null || signalCode !== null) {
      reject(new Error(`${who} has ended, with ${signalCode ?? `code ${exitCode}`}`));
      return;
    }
    const onMessage = (answer: From) => {
      if (answer.kind === kind) settle(() => resolve(answer as Extract<From, { kind: Kind }>));
    };
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`${who} ended early, with code ${code}`)));
    const settle = (how: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      how();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
