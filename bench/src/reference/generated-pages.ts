import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { REPOSITORY } from '../shared/repository.js';
import { errorSections } from './error-sections.js';
import { globalKeysTable } from './global-keys-table.js';
import { helpText, printedBy } from './help-text.js';
import { optionsTable } from './options-table.js';
import { timeDifferencesTable } from './time-differences.js';
import { timeFormatsTable, timeOptionsTable } from './time-tables.js';

/** A part of a page that is made from the code: what stands between its two marks. */
interface GeneratedPart {
  readonly page: string;
  readonly mark: string;
  make(): string;
}

const RINGEST = 'packages/cli/dist/cli.js';

const PARTS: readonly GeneratedPart[] = [
  { page: 'docs/configuration.md', mark: 'options', make: optionsTable },
  { page: 'docs/configuration.md', mark: 'keys of a file', make: globalKeysTable },
  { page: 'docs/errors.md', mark: 'errors', make: errorSections },
  {
    page: 'docs/load-generator.md',
    mark: 'load --help',
    make: () => helpText('bench/dist/cli/load.js'),
  },
  {
    page: 'docs/tuning.md',
    mark: 'tune --help',
    make: () => helpText('bench/dist/cli/tune.js'),
  },
  {
    page: 'docs/indexer.md',
    mark: 'indexer --help',
    make: () => helpText('packages/indexer/dist/cli/cli.js'),
  },
  {
    page: 'docs/command.md',
    mark: 'ship --help',
    make: () => helpText(RINGEST, 'ship'),
  },
  {
    page: 'docs/relay.md',
    mark: 'relay --help',
    make: () => helpText(RINGEST, 'relay'),
  },
  ...['cat', 'status', 'check', 'cache', 'cache requeue'].map((command) => ({
    page: 'docs/command-inspect.md',
    mark: `${command} --help`,
    make: () => helpText(RINGEST, ...command.split(' ')),
  })),
  { page: 'docs/times.md', mark: 'formats', make: timeFormatsTable },
  { page: 'docs/times.md', mark: 'options', make: () => timeOptionsTable('TimeOptions') },
  { page: 'docs/times.md', mark: 'custom formats', make: () => timeOptionsTable('CustomFormat') },
  { page: 'docs/times.md', mark: 'differences', make: timeDifferencesTable },
];

/** Files that are what `ringest` prints, and its arguments for that. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  'packages/cli/man/ringest.1': ['manual'],
  'packages/cli/completions/ringest.bash': ['completion', 'bash'],
  'packages/cli/completions/_ringest': ['completion', 'zsh'],
  'packages/cli/completions/ringest.fish': ['completion', 'fish'],
};

/** The pages and files as they should be, by their path in the repository. */
export function generatePages(): Map<string, string> {
  const pages = new Map<string, string>();
  for (const { page, mark, make } of PARTS) {
    const text = pages.get(page) ?? readFileSync(REPOSITORY + page, 'utf8');
    pages.set(page, replacePart(text, page, mark, make()));
  }
  for (const [path, args] of Object.entries(PRINTED)) pages.set(path, printedBy(RINGEST, ...args));
  return pages;
}

export function writePages(): void {
  for (const [page, text] of generatePages()) {
    mkdirSync(dirname(REPOSITORY + page), { recursive: true });
    writeFileSync(REPOSITORY + page, text);
  }
}

function replacePart(text: string, page: string, mark: string, content: string): string {
  const begin = `<!-- generated: ${mark} -->\n`;
  const end = '<!-- end of what is generated -->';
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${page} has no place for '${mark}'`);
  return `${text.slice(0, from + begin.length)}\n${content}\n\n${text.slice(to)}`;
}
