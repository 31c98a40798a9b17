import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { answerOf } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';

/** A process with a channel for messages. */
function child(code: string) {
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

describe('an answer of a process', () => {
  it('is the first message of its kind', async () => {
    const answering = child(
      "for (const kind of ['a', 'b']) process.send({ kind, value: kind + 1 })",
    );
    const answer = await answerOf<{ kind: string; value: string }, string>(answering, 'b', 'it');
    expect(answer.value).toBe('b1');
  });

  it('does not come if the process ends before', async () => {
    const ending = child('process.exitCode = 3');
    await expect(answerOf(ending, 'a', 'it')).rejects.toThrow('it ended early, with code 3');
  });

  it('does not come if the process has ended', async () => {
    const ended = child('process.exitCode = 3');
    await once(ended, 'exit');
    await expect(answerOf(ended, 'a', 'it')).rejects.toThrow('it has ended, with code 3');
  });
});
