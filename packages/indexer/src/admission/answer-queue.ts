import { answerInSteps, type Challenge } from '@ringest/codec';

/** How long answers are computed before the event loop has its turn. */
const SLICE_MS = 2;

interface Question {
  readonly steps: Generator<void, Buffer, void>;
  readonly answered: (answer: Buffer) => void;
}

/**
 * Computes the right answers to challenges (§3), one at a time. An answer takes tens of milliseconds, and
 * anyone who can connect can cause one. So the work is done in short slices, between which the event loop
 * serves other connections, and hosts take turns, so that many questions of one do not delay another.
 */
export class AnswerQueue {
  /** The open questions of each host. The host whose turn is next comes first. */
  readonly #questions = new Map<string, Set<Question>>();
  #scheduled = false;

  /**
   * Computes the answer that `answerChallenge` returns, after the earlier questions of the same host.
   *
   * @param origin the host that asks.
   * @param answered called with the answer.
   * @returns a function that cancels the question.
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
