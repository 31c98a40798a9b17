/** Steps of a decade, where an axis has few of them. */
const STEPS = [1, 2, 5];
/** From so many decades on, an axis has one tick for each. */
const MANY_DECADES = 3;

/** Ticks of a logarithmic axis: powers of ten, and if those are few, twice and five times as much. */
export function logTicks(least: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const steps = last - first > MANY_DECADES ? [1] : STEPS;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((tick) => tick >= least && tick <= most);
}
