/**
 * Writes parts in order. While there is room, it does not wait for a part before it writes the next one: a
 * journal then stores many of them at once. Without room it waits, so that the backlog stays small.
 * @param mustWait whether an entry would have to wait for room now
 * @returns what to wait for: until all parts are accepted, or the first error
 */
export function writeInTurn<Part>(
  parts: readonly Part[],
  write: (part: Part) => Promise<void> | undefined,
  mustWait: () => boolean,
): Promise<void> | undefined {
  const [first] = parts;
  if (parts.length === 1) return write(first as Part);
  return writeAll(parts, write, mustWait);
}

async function writeAll<Part>(
  parts: readonly Part[],
  write: (part: Part) => Promise<void> | undefined,
  mustWait: () => boolean,
): Promise<void> {
  const accepted: Promise<void>[] = [];
  try {
    for (const part of parts) {
      const wait = write(part);
      if (wait === undefined) continue;
      // It is awaited below; until then, its rejection must not count as unhandled.
      wait.catch(() => {});
      accepted.push(wait);
      if (mustWait()) await wait;
    }
  } finally {
    await Promise.all(accepted);
  }
}
