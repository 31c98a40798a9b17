import { answerChallenge, type Challenge, hashSecret } from '@ringest/codec';
import { AnswerQueue } from '@ringest/indexer/internal';
import { describe, expect, it } from 'vitest';

const HASH = hashSecret('IngestSecrets');

function challenge(iterations: number, fill = 7): Challenge {
  return { iterations, random: Buffer.alloc(32, fill), version: 9 };
}

describe('a queue of answers', () => {
  it.each([0, 1, 99, 100, 101, 12_345])(
    'gives the right one after %i iterations',
    async (times) => {
      const asked = challenge(times);
      const answer = await new Promise((resolve) =>
        new AnswerQueue().ask(asked, HASH, 'one', resolve),
      );
      expect(answer).toEqual(answerChallenge(asked, HASH));
    },
  );

  it('lets those who ask take turns, however many questions one of them has', async () => {
    const queue = new AnswerQueue();
    const answered: string[] = [];
    await new Promise<void>((resolve) => {
      for (let i = 0; i < 5; i++)
        queue.ask(challenge(3000), HASH, 'many', () => answered.push('many'));
      queue.ask(challenge(3000), HASH, 'another', () => answered.push('another'));
      queue.ask(challenge(30_000), HASH, 'last', () => resolve());
    });
    expect(answered.indexOf('another')).toBe(1);
  });

  it('works those of one out in the order in which they were asked for', async () => {
    const queue = new AnswerQueue();
    const answered: number[] = [];
    await new Promise<void>((resolve) => {
      queue.ask(challenge(20_000), HASH, 'one', () => answered.push(1));
      queue.ask(challenge(10), HASH, 'one', () => answered.push(2));
      queue.ask(challenge(0), HASH, 'one', () => resolve());
    });
    expect(answered).toEqual([1, 2]);
  });

  it('lets others have their turn in the middle of an answer', async () => {
    let turns = 0;
    let isAnswered = false;
    new AnswerQueue().ask(challenge(65_535), HASH, 'one', () => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await new Promise(setImmediate);
      turns++;
    }
    expect(turns).toBeGreaterThan(5);
  });

  it('does not answer a question that was taken back, waiting or begun', async () => {
    const queue = new AnswerQueue();
    const answered: number[] = [];
    const takeBackFirst = queue.ask(challenge(65_535), HASH, 'one', () => answered.push(1));
    const takeBackSecond = queue.ask(challenge(10), HASH, 'one', () => answered.push(2));
    await new Promise(setImmediate);
    takeBackFirst();
    takeBackSecond();
    await new Promise<void>((resolve) => queue.ask(challenge(10), HASH, 'one', () => resolve()));
    expect(answered).toEqual([]);
  });
});
