/** Lines of a table in Markdown, with columns as wide as they have to be. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => width(row[i]))));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((wide, i) => (cells[i] ?? '').padEnd(wide)).join(' | ')} |`;
  const rule = `|${widths.map((wide) => '-'.repeat(wide + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0;
}

/** `4 min 05 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${`${whole % 60}`.padStart(2, '0')} s`;
}
