/** The number of entries of one tenant. */
export interface TenantAccount {
  entries: number;
}

/** Counts entries by tenant. A connection looks up its account once, and then counts in it. */
export class TenantEntries {
  readonly #accounts = new Map<string, TenantAccount>();

  /** Returns the account of a tenant. Without a tenant, it returns one that {@link toObject} leaves out. */
  account(tenant: string | undefined): TenantAccount {
    if (tenant === undefined) return { entries: 0 };
    let account = this.#accounts.get(tenant);
    if (account === undefined) {
      account = { entries: 0 };
      this.#accounts.set(tenant, account);
    }
    return account;
  }

  /** The number of entries by the name of the tenant. A tenant without entries is left out. */
  toObject(): Record<string, number> {
    const counts = Array.from(this.#accounts, ([name, { entries }]) => [name, entries] as const);
    return Object.fromEntries(counts.filter(([, entries]) => entries !== 0));
  }
}
