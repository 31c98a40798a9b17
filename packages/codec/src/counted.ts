/** A number of things, for a message: `1 entry`, `2 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function countedEntries(count: number): string {
  return counted(count, 'entry', 'entries');
}
