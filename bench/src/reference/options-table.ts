import { configurationSchema } from '@ringest/core/internal';
import { z } from 'zod';
import { REPOSITORY } from '../shared/repository.js';
import { type DocComments, readDocComments, splitDefault } from './doc-comments.js';

/** The parts of JSON Schema that the configuration's schema uses. */
interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** What the schema cannot express: the values of an option that a function checks. */
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

/** Where the fields of each part of the configuration are described. */
const DESCRIBED: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  '': [
    ['packages/core/src/configuration/configuration.ts', 'MuxerConfiguration'],
    ['packages/core/src/configuration/targets/targets.ts', 'TargetDefaults'],
  ],
  tls: [['packages/core/src/configuration/targets/tls.ts', 'TlsInput']],
  cache: [['packages/core/src/configuration/cache-settings.ts', 'CacheInput']],
  times: [['packages/workers/src/endpoint.ts', 'ConnectionTimes']],
};

/** A table in Markdown of every option of a muxer: what it may be, its default, what it means. */
export function optionsTable(): string {
  const schema = z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' });
  const rows = rowsOf('', schema as JsonSchema);
  return ['| option | values | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function rowsOf(part: string, { properties = {}, required = [] }: JsonSchema): string[] {
  const comments = commentsOf(part);
  const documented = new Set(comments.keys());
  const rows = Object.entries(properties).flatMap(([name, field]) => {
    const comment = comments.get(name);
    if (comment === undefined) throw new Error(`the option ${name} of '${part}' is not described`);
    documented.delete(name);
    const { text, fallback } = splitDefault(comment);
    const path = part === '' ? name : `${part}.${name}`;
    const isRequired = required.includes(name) && field.default === undefined;
    const row = [
      `\`${path}\``,
      valuesOf(field),
      isRequired ? 'required' : (fallback ?? defaultOf(field)),
      text,
    ];
    const line = `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    return path in DESCRIBED ? [line, ...rowsOf(path, objectOf(field))] : [line];
  });
  if (documented.size > 0) throw new Error(`not in the schema: ${[...documented].join(', ')}`);
  return rows;
}

function commentsOf(part: string): DocComments {
  const sources = DESCRIBED[part] ?? [];
  return new Map(sources.flatMap(([file, name]) => [...readDocComments(REPOSITORY + file, name)]));
}

function objectOf(field: JsonSchema): JsonSchema {
  return field.anyOf?.find(({ properties }) => properties !== undefined) ?? field;
}

function valuesOf(field: JsonSchema): string {
  if (field.description !== undefined) return field.description;
  if (field.anyOf !== undefined) return field.anyOf.map(valuesOf).join(' or ');
  if (field.enum !== undefined) return field.enum.map(code).join(', ');
  if (field.const !== undefined) return code(field.const);
  if (field.type === 'array') return listOf(field);
  if (field.properties !== undefined) return `\`{ ${Object.keys(field.properties).join(', ')} }\``;
  const { type, minimum, maximum } = field;
  if (type === undefined) throw new Error('an option has neither a type nor a description');
  if (type === 'string') return 'text';
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < 2 ** 53 - 1;
  if (isBounded) return `${type}, ${count(minimum)} to ${count(maximum)}`;
  return minimum === undefined ? type : `${type}, ${count(minimum)} or more`;
}

function listOf({ items = {}, minItems = 0, maxItems }: JsonSchema): string {
  const kinds = (items.anyOf ?? [items]).map((item) =>
    item.type === 'string' ? 'texts' : valuesOf(item),
  );
  const least = minItems > 0 ? `, at least ${count(minItems)}` : '';
  const most = maxItems === undefined ? '' : `, at most ${count(maxItems)}`;
  return `a list of ${kinds.join(' or ')}${least}${most}`;
}

function defaultOf({ default: fallback }: JsonSchema): string {
  if (fallback === undefined) return 'none';
  return typeof fallback === 'number' ? count(fallback) : code(fallback);
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
