import { builtCheckout, type Command } from './built-checkout.js';
import { type ComparedCommit, comparedCommit, isDirty } from './compared-commit.js';
import { measureInTurn } from './guard-rounds.js';
import { CONFIDENCE, compareRounds, type GuardVerdict } from './guard-verdict.js';

export interface GuardOptions {
  /** A checkout that is built. What is not committed counts. */
  readonly repository: string;
  /** The commit that it is compared with; `undefined`: see {@link comparedCommit}. */
  readonly against: string | undefined;
  readonly rounds: number;
  /** Milliseconds for which each way of writing is measured. */
  readonly durationMs: number;
  /** Commands that build a clean clone of it. */
  readonly build: readonly Command[];
  /** Where built checkouts are kept. */
  readonly checkouts: string;
}

/** What came of a guard: the last line of `pnpm bench guard --json`. */
export interface GuardReport extends GuardVerdict {
  readonly kind: 'guard';
  readonly against: ComparedCommit;
  /** Whether something here is not committed. */
  readonly isDirty: boolean;
  readonly rounds: number;
  /** Of all intervals together. */
  readonly confidence: number;
}

/**
 * Compares a checkout with another commit: both are measured in turn on this machine.
 * @param tell called with what it does
 * @throws {UnknownCommitError | BuildError | NoMeasurementError}
 */
export async function runGuard(
  options: GuardOptions,
  tell: (what: string) => void,
  stop: AbortSignal,
): Promise<GuardReport> {
  const { repository, build, checkouts: folder, rounds } = options;
  const against = comparedCommit(repository, options.against);
  tell(`against ${against.hash.slice(0, 10)} "${against.subject}", ${against.why}`);
  const other = await builtCheckout({ repository, hash: against.hash, build, folder }, tell, stop);
  const start = performance.now();
  const tellRound = (done: number) => {
    const leftSeconds = ((performance.now() - start) / done / 1000) * (rounds - done);
    tell(`round ${done} of ${rounds}, ${Math.ceil(leftSeconds)} s left`);
  };
  const measured = await measureInTurn(repository, other, options, tellRound, stop);
  return {
    kind: 'guard',
    against,
    isDirty: isDirty(repository),
    rounds,
    confidence: CONFIDENCE,
    ...compareRounds(measured),
  };
}

/** Whether nothing fell by more than its noise. */
export function isAsFast({ rows }: GuardVerdict): boolean {
  return rows.every(({ change }) => change !== 'slower');
}
