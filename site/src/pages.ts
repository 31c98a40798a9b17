import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the site that is a Markdown file of the repository. */
export interface Page {
  /** Its path in the repository. */
  readonly source: string;
  /** Its path in the site. */
  readonly path: string;
  readonly title: string;
}

/** Pages that the navigation shows together. */
export interface PageGroup {
  readonly title: string;
  readonly pages: readonly Page[];
}

/** What the navigation shows, in its order. Other pages of `docs` come last, in a group of their own. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Start: [
    'docs/getting-started.md',
    'docs/comparison.md',
    'docs/migration.md',
    'examples/README.md',
  ],
  'Use it': [
    'docs/embedding.md',
    'docs/command.md',
    'docs/queues.md',
    'docs/relay.md',
    'packages/cli/README.md',
    'docs/configuration.md',
    'docs/choosing.md',
    'docs/lifecycle.md',
    'docs/durability.md',
    'docs/errors.md',
    'packages/pino/README.md',
    'packages/winston/README.md',
    'packages/nats/README.md',
    'packages/kafka/README.md',
    'packages/queues/README.md',
    'packages/metrics/README.md',
    'docs/times.md',
    'docs/security.md',
    'docs/differences.md',
  ],
  'Measure with it': [
    'docs/load-generator.md',
    'docs/tuning.md',
    'docs/indexer.md',
    'docs/measurements.md',
    'docs/performance.md',
    'docs/scaling.md',
    'docs/more-machines.md',
    'docs/balancing.md',
    'docs/broken-networks.md',
  ],
  'Change it': [
    'docs/architecture.md',
    'docs/protocol.md',
    'docs/decisions/README.md',
    'docs/dependencies.md',
    'docs/testing.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
  ],
};

/** Pages that a page of the navigation leads to. */
const INNER = ['docs/architecture', 'docs/decisions'];

/** The groups of the navigation, and the pages beneath them. */
export function readPages(): {
  readonly groups: readonly PageGroup[];
  readonly inner: readonly Page[];
} {
  const listed = new Set(Object.values(GROUPS).flat());
  const more = [...markdownIn('docs'), ...packageReadmes()].filter((source) => !listed.has(source));
  const groups = Object.entries(GROUPS).map(([title, sources]) => ({
    title,
    pages: sources.map(toPage),
  }));
  const rest = { title: 'More', pages: more.map(toPage) };
  const inner = INNER.flatMap(markdownIn).filter((source) => !listed.has(source));
  return { groups: [...groups, ...(more.length > 0 ? [rest] : [])], inner: inner.map(toPage) };
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder))
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => posix.join(folder, name));
}

function packageReadmes(): string[] {
  return readdirSync(join(REPOSITORY, 'packages')).map((name) => `packages/${name}/README.md`);
}

function toPage(source: string): Page {
  const text = readFileSync(join(REPOSITORY, source), 'utf8');
  const [, title] = /^# (.+)$/m.exec(text) ?? [];
  if (title === undefined) throw new Error(`${source} has no title`);
  return { source, path: pathOf(source), title: title.replaceAll('`', '') };
}

/** `docs` is the root of the site, and a README is the page of its folder. */
function pathOf(source: string): string {
  if (source === 'SECURITY.md') return 'vulnerabilities.md';
  const path = source.toLowerCase().replace(/^docs\//, '');
  return path.startsWith('decisions/')
    ? path.replace('readme.md', 'index.md')
    : path.replace('/readme.md', '.md');
}
