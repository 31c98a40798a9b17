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
  return (draft) => {
    const returned: unknown = call(exported as Hook, draft);
    if (returned === undefined || returned === null) return undefined;
    if (!Array.isArray(returned)) return drafted(returned, draft);
    return returned.map((one) => drafted(one, draft));
  };
}

type Hook = (draft: Draft) => unknown;

/** Calls a hook. If it throws, what it has set by then is as it was before. */
function call(hook: Hook, draft: Draft): unknown {
  const before = { ...draft, values: { ...draft.values } };
  try {
    return hook(draft);
  } catch (error) {
    Object.assign(draft, before);
    throw error;
  }
}

/** What a hook has returned, with what it left out. */
function drafted(returned: unknown, draft: Draft): Draft {
  const made = { ...draft, ...(returned as Partial<Draft>) };
  const isData = typeof made.data === 'string' || made.data instanceof Uint8Array;
  const isObject = typeof returned === 'object' && !(returned instanceof Promise);
  if (isObject && isData && typeof made.tag === 'string') return made;
  throw new TypeError('the function must return an entry, a list of entries, or undefined');
}
