import type { ConfigSetting } from '@ringest/core';

/** A sentence, and the place that it is about, as far as it is known. */
export interface Remark {
  readonly text: string;
  /** The path of a file, or the name of an environment variable. */
  readonly origin?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** What came of a check. Its JSON has the same fields. */
export interface Verdict {
  readonly file: string;
  /** The files that were read, in their order. */
  readonly files: readonly string[];
  readonly settings: readonly ConfigSetting[];
  readonly warnings: readonly Remark[];
  /** Why it cannot be used; none: it can be. */
  readonly problems: readonly Remark[];
}

/** A verdict for people. */
export function reportOf(verdict: Verdict, all: boolean): string {
  const { file, problems, warnings } = verdict;
  if (problems.length > 0) return problems.map((one) => `${remark(one, file)}\n`).join('');
  const overlays = verdict.files.length - 1;
  const beside = overlays === 0 ? '' : ` with ${overlays} overlay${overlays === 1 ? '' : 's'}`;
  return [
    `${file}${beside} can be used.`,
    ...warnings.map((one) => `warning: ${remark(one, file)}`),
    ...tables(verdict.settings.filter((one) => all || isTelling(one))),
    '',
  ].join('\n');
}

/** As compilers write it, so that editors find the place. */
function remark({ text, origin, line, column }: Remark, file: string): string {
  const place = line === undefined ? '' : `:${line}:${column}`;
  return `${origin ?? file}${place}: ${text}`;
}

/** A default that turns nothing on tells nobody anything. */
function isTelling({ source, value, isReplaced }: ConfigSetting): boolean {
  if (isReplaced) return false;
  return source !== 'default' || !['', '0', 'false', undefined].includes(value);
}

function tables(settings: readonly ConfigSetting[]): string[] {
  const sections = [...new Set(settings.map(({ section }) => section))];
  const keyWidth = Math.max(0, ...settings.map(({ key }) => key.length));
  const valueWidth = Math.max(0, ...settings.map((one) => textOf(one).length));
  return sections.flatMap((section) => [
    '',
    `[${section}]`,
    ...settings
      .filter((one) => one.section === section)
      .map((one) => {
        const columns = [one.key.padEnd(keyWidth), textOf(one).padEnd(valueWidth)];
        return `  ${columns.join('  ')}  ${sourceOf(one)}`;
      }),
  ]);
}

function textOf({ value, source }: ConfigSetting): string {
  if (value !== undefined) return value === '' ? '-' : value;
  return source === 'default' ? '-' : '(secret)';
}

function sourceOf({ source, origin = '', position, isReplaced }: ConfigSetting): string {
  const replaced = isReplaced ? ', replaced by a later one' : '';
  if (source === 'default') return source;
  if (position === undefined) return `${source} ${origin}${replaced}`;
  return `${source} ${origin}:${position.line}:${position.column}${replaced}`;
}
