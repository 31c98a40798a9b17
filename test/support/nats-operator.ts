import { nkeys } from '@nats-io/transport-node';

type Key = ReturnType<typeof nkeys.createUser>;

const NO_LIMIT = -1;
const LIMITS = {
  ...{ subs: NO_LIMIT, data: NO_LIMIT, payload: NO_LIMIT, imports: NO_LIMIT, exports: NO_LIMIT },
  ...{ conn: NO_LIMIT, leaf: NO_LIMIT, wildcards: true },
};
const STREAM_LIMITS = {
  ...{ mem_storage: NO_LIMIT, disk_storage: NO_LIMIT, streams: NO_LIMIT, consumer: NO_LIMIT },
};

/** The configuration of a server that takes users of one operator, and the file with a user's credentials. */
export function natsOperator(): { readonly config: string; readonly creds: string } {
  const operator = nkeys.createOperator();
  const [system, account] = [nkeys.createAccount(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const keyOf = (key: Key) => key.getPublicKey();
  const systemJwt = sign(system, operator, { type: 'account', limits: LIMITS });
  const limits = { ...LIMITS, ...STREAM_LIMITS };
  const accountJwt = sign(account, operator, { type: 'account', limits });
  const userLimits = { subs: NO_LIMIT, data: NO_LIMIT, payload: NO_LIMIT };
  const userJwt = sign(user, account, { type: 'user', ...userLimits });
  const config = [
    `operator: ${sign(operator, operator, { type: 'operator' })}`,
    `system_account: ${keyOf(system)}`,
    'resolver: MEMORY',
    `resolver_preload: { ${keyOf(system)}: ${systemJwt}, ${keyOf(account)}: ${accountJwt} }`,
  ];
  const seed = Buffer.from(user.getSeed()).toString();
  const part = (name: string, text: string) =>
    `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n\n`;
  const creds = part('NATS USER JWT', userJwt) + part('USER NKEY SEED', seed);
  return { config: `${config.join('\n')}\n`, creds };
}

/** A JWT about a key, as NATS has them. */
function sign(subject: Key, issuer: Key, nats: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
  const key = subject.getPublicKey();
  const claims = { jti: key, iat: 1, iss: issuer.getPublicKey(), name: key, sub: key };
  const body = `${header}.${encode({ ...claims, nats: { ...nats, version: 2 } })}`;
  const signature = Buffer.from(issuer.sign(Buffer.from(body))).toString('base64url');
  return `${body}.${signature}`;
}
