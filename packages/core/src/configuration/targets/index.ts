export { InvalidTargetError, parseAddress } from './address.js';
export { InvalidSecretError, type SecretInput } from './secret.js';
export {
  sameTarget,
  type Target,
  TargetChecker,
  type TargetDefaults,
  type TargetInput,
  targetField,
  targetFields,
} from './targets.js';
export { InvalidTlsError, type TlsInput } from './tls.js';
