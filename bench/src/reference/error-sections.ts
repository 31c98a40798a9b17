import { ERROR_ADVICE } from './error-advice.js';
import { type ErrorClass, readErrorClasses } from './error-classes.js';

/** Packages after those whose errors theirs are derived from. */
const PACKAGES = [
  'codec',
  'workers',
  'cache',
  'core',
  'timestamps',
  'indexer',
  'queues',
  'nats',
  'kafka',
  'relay',
];
/** The order on the page: what an ingester meets first. */
const SHOWN = [
  'core',
  'codec',
  'workers',
  'cache',
  'timestamps',
  'indexer',
  'queues',
  'nats',
  'kafka',
  'relay',
];

/**
 * Sections in Markdown about every error that the packages throw: its code, what it means, what to do, and
 * what it carries.
 * @throws when an error has no advice, or an advice no error
 */
export function errorSections(): string {
  const classes = new Map<string, readonly ErrorClass[]>();
  for (const name of PACKAGES) {
    classes.set(name, readErrorClasses(name, [...classes.values()].flat()));
  }
  const codes = new Set([...classes.values()].flat().map(({ code }) => code));
  const unused = Object.keys(ERROR_ADVICE).filter((code) => !codes.has(code));
  if (unused.length > 0) throw new Error(`advice for errors that are not there: ${unused}`);
  return SHOWN.map((name) => sectionOf(name, classes.get(name) ?? [])).join('\n\n');
}

function sectionOf(name: string, classes: readonly ErrorClass[]): string {
  const errors = classes.flatMap(({ code, ...one }) => (code ? [{ code, ...one }] : []));
  const parts = errors
    .toSorted((one, other) => (one.code < other.code ? -1 : 1))
    .map(({ code, name: kind, meaning, values }) => {
      const advice = ERROR_ADVICE[code];
      if (advice === undefined) {
        throw new Error(`${code} has no advice: write one in bench/src/reference/error-advice.ts`);
      }
      const list = [...values].map(([value, text]) => `- \`${value}\`: ${linked(text)}`);
      const paragraphs = [
        `### ${code}`,
        `\`${kind}\`. ${linked(meaning)}`,
        `What to do: ${advice}`,
      ];
      return [...paragraphs, ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n');
    });
  return [`## @ringest/${name}`, ...parts].join('\n\n');
}

/** The name of what a comment links to, as code. */
function linked(comment: string): string {
  return comment.replace(/\{@link\s+([\w.]+)\}/g, '`$1`');
}
