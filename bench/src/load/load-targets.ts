import { addTargetFlags, readTargets, type TargetChoice } from '@ringest/flags';
import { type Command, Option } from 'commander';
import { TRANSPORTS, type Transport } from '../shared/indexer-messages.js';

/** Where a load goes; without targets, to an embedded indexer. */
export interface LoadTargets extends TargetChoice {
  readonly secret: string;
  /** How the embedded indexer is reached. */
  readonly transport: Transport;
}

const DEFAULT_SECRET = 'IngestSecrets';

/** Adds the flags that {@link readLoadTargets} reads. */
export function addLoadTargetFlags(program: Command): Command {
  return addTargetFlags(program, DEFAULT_SECRET).addOption(
    new Option('--transport <transport>', 'how to reach an embedded indexer instead')
      .choices(TRANSPORTS)
      .default('tcp'),
  );
}

/**
 * Reads these flags of a command that is parsed. A flag that cannot be used ends the process.
 * @param env where the secret is looked for when no flag gives it
 */
export function readLoadTargets(program: Command, env: NodeJS.ProcessEnv): LoadTargets {
  const { transport } = program.opts<{ transport: Transport }>();
  const choice = readTargets(program, env);
  return { ...choice, secret: choice.secret ?? DEFAULT_SECRET, transport };
}
