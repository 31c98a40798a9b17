import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../../errors.js';
import type { Draft, Step } from './draft.js';

/**
 * Loads the step that a module is.
 * @throws {UsageError} the module cannot be loaded, or exports no function
 */
export async function loadProcess(path: string): Promise<Step> {
  let exported: unknown;
  try {
    const module: { readonly default?: unknown; readonly process?: unknown } = await import(
      pathToFileURL(resolve(path)).href
    );
    exported = module.default ?? module.process;
  } catch (error) {
    throw new UsageError(`--process ${path}: it cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof exported !== 'function') {
    throw new UsageError(`--process ${path}: its default export must be a function`);
  }
  if (exported instanceof AsyncFunction) {
    throw new UsageError(`--process ${path}: its function must not be async: entries do not wait`);
  }
  return (draft) => {
    const before = { ...draft, values: { ...draft.values } };
    try {
      return made((exported as Hook)(draft), draft);
    } catch (error) {
      // What it has set by then is as it was before.
      Object.assign(draft, before);
      throw error;
    }
  };
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;

type Hook = (draft: Draft) => unknown;

function made(returned: unknown, draft: Draft): Draft | readonly Draft[] | undefined {
  if (returned === undefined || returned === null) return undefined;
  if (!Array.isArray(returned)) return drafted(returned, draft);
  return returned.map((one) => drafted(one, draft));
}

/** What a hook has returned, with what it left out. */
function drafted(returned: unknown, draft: Draft): Draft {
  if (isPromise(returned)) {
    // Nobody waits for it. If it rejects, this is the error all the same.
    returned.then(undefined, () => {});
    throw new TypeError('the function has returned a promise: it must return entries');
  }
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    throw new TypeError('the function must return an entry, a list of entries, or undefined');
  }
  const made = { ...draft, ...returned };
  if (typeof made.data !== 'string' && !(made.data instanceof Uint8Array)) {
    throw new TypeError('the data that the function returns must be text or bytes');
  }
  if (typeof made.tag !== 'string') {
    throw new TypeError('the tag that the function returns must be text');
  }
  if (!isRecord(made.values)) {
    throw new TypeError('the values that the function returns must be an object with their names');
  }
  return made;
}

/** Whether it has values by names. A `Map` and a list have none that `Object.keys` would find. */
function isRecord(values: unknown): boolean {
  return typeof values === 'object' && values !== null && !(Symbol.iterator in values);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (Object(value) as Partial<PromiseLike<unknown>>).then === 'function';
}
