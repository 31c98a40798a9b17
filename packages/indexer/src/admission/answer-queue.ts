import { answerInSteps, type Challenge } from '@ringest/codec';

/** For how many milliseconds answers are worked out before the event loop has its turn. */
const SLICE_MS = 2;

interface Question {
  readonly steps: Generator<void, Buffer, void>;
  readonly answered: (answer: Buffer) => void;
}

/**
 * Works out the right answers to challenges (§3), one at a time. Each takes tens of milliseconds, and
 * whoever can connect can ask for one: between short slices the event loop serves all others, and those
 * who ask take turns, so that many questions of one do not hold up another's.
 */
export class AnswerQueue {
  /** By who asks; whose turn is next stands first. */
  readonly #questions = new Map<string, Set<Question>>();
  #scheduled = false;

  /**
   * Works out the answer that `answerChallenge` gives, when those are done that the same one has asked
   * for before.
   *
   * @param origin who asks.
   * @param answered takes it.
   * @returns what takes the question back.
   */
  ask(
    challenge: Challenge,
    authenticationHash: Uint8Array,
    origin: string,
    answered: (answer: Buffer) => void,
  ): () => void {
    const question = { steps: answerInSteps(challenge, authenticationHash), answered };
    const others = this.#questions.get(origin) ?? new Set();
    this.#questions.set(origin, others.add(question));
    this.#schedule();
    return () => {
      others.delete(question);
      if (others.size === 0 && this.#questions.get(origin) === others) {
        this.#questions.delete(origin);
      }
    };
  }

  #schedule(): void {
    if (this.#scheduled || this.#questions.size === 0) return;
    this.#scheduled = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    this.#scheduled = false;
    const end = performance.now() + SLICE_MS;
    for (const [origin, questions] of this.#questions) {
      for (const question of questions) {
        const answer = workOut(question, end);
        if (answer === undefined) break;
        this.#endTurn(origin, questions, question);
        question.answered(answer);
        break;
      }
      if (performance.now() >= end) break;
    }
    this.#schedule();
  };

  #endTurn(origin: string, questions: Set<Question>, question: Question): void {
    questions.delete(question);
    this.#questions.delete(origin);
    if (questions.size > 0) this.#questions.set(origin, questions);
  }
}

/** @returns `undefined` when the time was too short. */
function workOut({ steps }: Question, end: number): Buffer | undefined {
  while (performance.now() < end) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
  return undefined;
}
