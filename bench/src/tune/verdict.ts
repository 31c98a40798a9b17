import { type Comparison, confidenceOfEach } from '../shared/paired.js';
import { CONFIDENCE } from './plan.js';
import { compareWith, type Found } from './search.js';
import type { TuneCertainty } from './tune-report.js';

/** What a tuner recommends. */
export interface Verdict {
  /** The name of a candidate. */
  readonly recommended: string;
  readonly sure: TuneCertainty;
}

/**
 * Recommends the best of the last rung that was better than the default beyond noise, else the
 * default. Only the rounds of the last rung count: those before have chosen who is in it, and the
 * luck that some had there would count as merit.
 * @param base the name of the default
 */
export function recommend(found: Found, base: string): Verdict {
  const { finalists } = found;
  const compared = finalists.map(({ name }) => ({ name, ...compareFinalist(found, name, base) }));
  const better = compared.find(({ interval }) => interval !== undefined && interval.low > 1);
  if (better !== undefined) {
    return {
      recommended: better.name,
      sure: {
        isBetter: true,
        confidence: CONFIDENCE,
        text:
          `"${better.name}" was ${formatComparison(better)} as good as the default` +
          `, ${CONFIDENCE * 100}% sure${finalists.length > 1 ? ` of all ${finalists.length} in the last rung together` : ''}`,
      },
    };
  }
  const [best] = compared;
  const bestWas = best && `: the best, "${best.name}", was ${formatComparison(best)} as good`;
  return {
    recommended: base,
    sure: {
      isBetter: false,
      confidence: CONFIDENCE,
      text: `no configuration was better than the default beyond noise${bestWas ?? ''}`,
    },
  };
}

/** How one of the last rung compares with the default there. */
export function compareFinalist(found: Found, candidate: string, base: string): Comparison {
  const last = found.rounds.at(-1)?.rung;
  const rounds = found.rounds.filter(({ rung }) => rung === last);
  return compareWith(rounds, candidate, base, confidenceOfEach(found.finalists.length, CONFIDENCE));
}

/** Such as `1.34 times (1.28 to 1.41)`. */
export function formatComparison({ ratio, interval }: Comparison): string {
  const times = `${ratio.toFixed(2)} times`;
  if (interval === undefined) return times;
  return `${times} (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`;
}
