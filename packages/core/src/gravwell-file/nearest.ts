/** Of names that differ more, nobody thinks of the other one. */
const MOST_EDITS = 3;

/**
 * The name that is most like a given one, to ask whether it was meant.
 * @returns `undefined`: none is like it
 */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let found: string | undefined;
  let fewest = Math.min(MOST_EDITS, Math.floor(given.length / 2)) + 1;
  for (const name of names) {
    const count = edits(given.toLowerCase(), name.toLowerCase());
    if (count < fewest) [found, fewest] = [name, count];
  }
  return found;
}

/** How many letters have to be put in, taken out or changed to make one text of the other. */
function edits(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const counts = [row];
    for (let column = 1; column <= to.length; column++) {
      const changed = from[row - 1] === to[column - 1] ? 0 : 1;
      counts[column] = Math.min(
        (above[column] ?? 0) + 1,
        (counts[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + changed,
      );
    }
    above = counts;
  }
  return above[to.length] ?? 0;
}
