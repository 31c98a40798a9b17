import type { NatsConnection } from '@nats-io/nats-core';

/** What the client of NATS keeps to itself. A later version may have it elsewhere. */
interface ClientInside {
  readonly options?: { readonly inboxPrefix?: string };
  readonly protocol?: { readonly transport?: { readonly socket?: { destroy?(): void } } };
}

/** Looks into a connection. */
export const insideOf = (connection: NatsConnection): ClientInside => connection as ClientInside;
