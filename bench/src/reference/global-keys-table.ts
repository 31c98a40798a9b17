import { ENVIRONMENT_VARIABLES, GLOBAL_KEYS, KEY_EFFECTS } from '@ringest/core/internal';
import { REPOSITORY } from '../shared/repository.js';
import { readDocComments } from './doc-comments.js';

const FILE = 'packages/core/src/gravwell-file/global.ts';

/** What the kinds of keys are to somebody who writes a file. */
const KINDS = {
  string: 'text',
  strings: 'text, any number of times',
  boolean: 'true or false',
  integer: 'integer',
  secret: 'text',
} as const;

/** A table in Markdown of every key of [Global]: its values, what it sets, its variable, what it means. */
export function globalKeysTable(): string {
  const comments = readDocComments(REPOSITORY + FILE, 'GlobalConfig');
  const variables: Readonly<Record<string, string>> = ENVIRONMENT_VARIABLES;
  const rows = Object.entries(GLOBAL_KEYS).map(([key, kind]) => {
    const comment = comments.get(key.replaceAll('-', '_'));
    if (comment === undefined) throw new Error(`the key ${key} is not described`);
    const variable = variables[key] === undefined ? '' : `\`${variables[key]}\``;
    const effect = KEY_EFFECTS[key as keyof typeof GLOBAL_KEYS];
    return `| \`${key}\` | ${KINDS[kind]} | ${effect} | ${variable} | ${plain(comment)} |`;
  });
  const head = ['| key | values | sets | environment | meaning |', '|---|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

function plain(comment: string): string {
  return comment
    .replace(/\{@link (\w+)\}/g, (_, name: string) => `\`${name.replaceAll('_', '-')}\``)
    .replaceAll('|', '\\|');
}
