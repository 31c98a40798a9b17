import { SECRET_FILE_VARIABLE, SECRET_VARIABLE } from '@ringest/indexer/command-line';

/** The environment of a process that is told the secret by a message, and needs no other. */
export function withoutSecret(): NodeJS.ProcessEnv {
  const { [SECRET_VARIABLE]: _secret, [SECRET_FILE_VARIABLE]: _file, ...environment } = process.env;
  return environment;
}
