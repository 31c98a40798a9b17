/** Entries of the ingesters of one tenant. */
export interface TenantAccount {
  entries: number;
}

/** Counts entries by tenant. A connection looks its account up once, and counts in that. */
export class TenantEntries {
  readonly #accounts = new Map<string, TenantAccount>();

  /** The account of a tenant's connections; without a tenant, one that is not shown. */
  account(tenant: string | undefined): TenantAccount {
    if (tenant === undefined) return { entries: 0 };
    let account = this.#accounts.get(tenant);
    if (account === undefined) {
      account = { entries: 0 };
      this.#accounts.set(tenant, account);
    }
    return account;
  }

  /** Entries by the tenant's name. A tenant without entries is left out. */
  toObject(): Record<string, number> {
    const counts = Array.from(this.#accounts, ([name, { entries }]) => [name, entries] as const);
    return Object.fromEntries(counts.filter(([, entries]) => entries !== 0));
  }
}
