/** Formats a number of things for a message, such as `1 byte` or `2 bytes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Formats a number of entries for a message: `1 entry` or `2 entries`. */
export function countedEntries(count: number): string {
  return counted(count, 'entry', 'entries');
}
