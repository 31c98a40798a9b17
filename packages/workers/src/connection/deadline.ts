/**
 * Calls `late` after some milliseconds. If this thread itself was blocked, it first reads what
 * arrived.
 * @returns a function that cancels the call
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
