import { TimeExtractor } from '@ringest/timestamps';
import { BUILT_IN, type BuiltIn } from '@ringest/timestamps/internal';
import { REPOSITORY } from '../shared/repository.js';
import { readDocComments, splitDefault } from './doc-comments.js';

/** Where the options are described. */
const DESCRIBED = {
  TimeOptions: 'packages/timestamps/src/extraction/time-options.ts',
  CustomFormat: 'packages/timestamps/src/formats/custom.ts',
} as const;

/** What the clock shows when the examples are read. */
const EXAMPLES_AT = Date.parse('2026-11-28T12:00:00Z');

/** A table in Markdown of all built-in formats, with what is found in an example of each. */
export function timeFormatsTable(): string {
  const rows = BUILT_IN.map((builtIn) => {
    const { name, aliases = [], layout, example, remark = '' } = builtIn;
    const names = [name, ...aliases].map(code).join(', ');
    return row([
      names,
      layout === undefined ? 'a number' : code(layout),
      code(example),
      foundIn(builtIn),
      remark,
    ]);
  });
  return [
    row(['name', 'layout', 'example', 'is read as', '']),
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** A table in Markdown of the fields of an interface. */
export function timeOptionsTable(name: keyof typeof DESCRIBED): string {
  const comments = readDocComments(REPOSITORY + DESCRIBED[name], name);
  const rows = [...comments].map(([option, comment]) => {
    const { text, fallback = 'required' } = splitDefault(comment);
    return row([code(option), fallback, text]);
  });
  return [row(['option', 'default', 'meaning']), '|---|---|---|', ...rows].join('\n');
}

/** A row of a table in Markdown. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A time to the nanosecond, without zeros at its end. */
export function isoTime(seconds: number, nanoseconds: number): string {
  const fraction = nanoseconds === 0 ? '' : `.${`${nanoseconds}`.padStart(9, '0')}`;
  const [date = ''] = new Date(seconds * 1000).toISOString().split('.');
  return `${date}${fraction.replace(/0+$/, '')}Z`;
}

/** @throws when the format does not find its own example */
function foundIn({ name, example }: BuiltIn): string {
  const extractor = new TimeExtractor({ format: name, clock: () => EXAMPLES_AT });
  const isWhole = extractor.extract(new TextEncoder().encode(example));
  if (!isWhole || extractor.end !== example.length) throw new Error(`${name} is not in ${example}`);
  return code(isoTime(extractor.seconds, extractor.nanoseconds));
}
