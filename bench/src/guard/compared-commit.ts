import { git } from '../shared/git.js';

/** What a checkout is compared with. */
export interface ComparedCommit {
  /** 40 hexadecimal digits. */
  readonly hash: string;
  readonly subject: string;
  /** Why it is this one. */
  readonly why: string;
}

/** Where branches come from, the first that there is. */
const TRUNKS = ['main', 'origin/main', 'origin/HEAD'];

/** A commit that Git does not know. */
export class UnknownCommitError extends Error {
  readonly code = 'UNKNOWN_COMMIT';

  constructor(name: string, repository: string) {
    super(`Git knows no commit ${name} in ${repository}: fetch it, or give --against another`);
    this.name = 'UnknownCommitError';
  }
}

/**
 * The commit that a checkout is compared with: the one that is given. Without one, of a branch, where
 * it left `main`; on `main` itself the last commit when something is not committed, else the one before it.
 * @throws {UnknownCommitError}
 */
export function comparedCommit(repository: string, given: string | undefined): ComparedCommit {
  const commit = (name: string, why: string): ComparedCommit => {
    const hash = find(repository, name);
    if (hash === undefined) throw new UnknownCommitError(name, repository);
    return { hash, subject: git(repository, 'log', '-1', '--format=%s', hash), why };
  };
  if (given !== undefined) return commit(given, 'as it was asked for');
  const head = find(repository, 'HEAD');
  const trunk = TRUNKS.find((name) => find(repository, name) !== undefined);
  const base = trunk === undefined ? head : git(repository, 'merge-base', 'HEAD', trunk);
  if (base !== undefined && base !== head) return commit(base, `where this branch left ${trunk}`);
  if (isDirty(repository))
    return commit('HEAD', 'the last commit, which what is not committed changes');
  return commit('HEAD~1', 'the commit before the last');
}

/** Whether something in a checkout is not committed. */
export function isDirty(repository: string): boolean {
  return git(repository, 'status', '--porcelain') !== '';
}

/** The hash of a commit; `undefined`: there is none of this name. */
function find(repository: string, name: string): string | undefined {
  try {
    return git(
      repository,
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${name}^{commit}`,
    );
  } catch {
    return undefined;
  }
}
