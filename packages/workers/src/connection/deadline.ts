/**
 * Calls `late` after so many milliseconds. A thread that was away itself reads before what has come in
 * meanwhile.
 * @returns what calls it off
 */
export function deadline(milliseconds: number, late: () => void): () => void {
  let look: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    look = setImmediate(late);
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    clearImmediate(look);
  };
}
