export { InvalidTargetError } from './address.js';
export { InvalidSecretError, type SecretInput } from './secret.js';
export {
  checkTargets,
  type Target,
  type TargetDefaults,
  type TargetInput,
  targetField,
  targetFields,
} from './targets.js';
export { InvalidTlsError, type TlsInput } from './tls.js';
