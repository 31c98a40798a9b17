import { answerInSteps, type Challenge } from '@ringest/codec';

/** For how many milliseconds answers are worked out before the event loop has its turn. */
const SLICE_MS = 2;

interface Question {
  readonly steps: Generator<void, Buffer, void>;
  readonly answered: (answer: Buffer) => void;
}

/**
 * Works out the right answers to challenges (§3), one after the other. Each takes tens of milliseconds,
 * and whoever can connect can ask for one: between short slices the event loop serves all others.
 */
export class AnswerQueue {
  readonly #questions = new Set<Question>();
  #scheduled = false;

  /**
   * Works out the answer that `answerChallenge` gives, when the ones asked for before are done.
   *
   * @param answered takes it.
   * @returns what takes the question back.
   */
  ask(
    challenge: Challenge,
    authenticationHash: Uint8Array,
    answered: (answer: Buffer) => void,
  ): () => void {
    const question = { steps: answerInSteps(challenge, authenticationHash), answered };
    this.#questions.add(question);
    this.#schedule();
    return () => this.#questions.delete(question);
  }

  #schedule(): void {
    if (this.#scheduled || this.#questions.size === 0) return;
    this.#scheduled = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    this.#scheduled = false;
    const end = performance.now() + SLICE_MS;
    for (const question of this.#questions) {
      this.#continue(question, end);
      if (performance.now() >= end) break;
    }
    this.#schedule();
  };

  #continue(question: Question, end: number): void {
    while (performance.now() < end) {
      const { done, value } = question.steps.next();
      if (done !== true) continue;
      this.#questions.delete(question);
      question.answered(value);
      return;
    }
  }
}
