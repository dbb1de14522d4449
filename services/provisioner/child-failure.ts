import type { OperationErrorCode } from '../../stacks/operation-protocol.ts';
import { specSecrets } from '../../tenant-program/spec-secrets.ts';
import { OperationError } from './operation-error.ts';
import { redactText } from './redact-text.ts';
import type { ChildRun, Ending } from './run-child.ts';

/** After these the engine has ended by itself and left the stack unlocked, with nothing pending. */
const cleanCodes: readonly OperationErrorCode[] = [
  'invalid_request',
  'invalid_object',
  'quota_exceeded',
  'forbidden',
  'admission_refused',
  'name_taken',
  'data_protected',
  'plugin_missing',
  'wrong_passphrase',
  'pods_not_ready',
];

export interface ChildEnd {
  /** The child's own last word, if it had one. */
  ending: Ending | undefined;
  /** Exit code or signal, in words. */
  how: string;
  timedOut: boolean;
  /** The phase that outlasted its limit. */
  stuckIn: string | undefined;
  stopped: boolean;
  stderr: string;
  run: ChildRun;
  env: Record<string, string>;
}

/** Why a child ended without a result, free of secrets. */
export function childFailure({ ending, how, timedOut, stuckIn, stopped, stderr, run, env }: ChildEnd): OperationError {
  if (stopped) return new OperationError({ code: 'stopped', message: 'The operation was stopped.', retryable: true, unclean: true });
  if (timedOut) return new OperationError({ code: 'timeout', message: 'The operation took too long.', retryable: true, unclean: true });
  if (stuckIn !== undefined) {
    const message = `The phase '${stuckIn}' of the operation took too long.`;
    return new OperationError({ code: 'phase_timeout', message, retryable: true, unclean: true });
  }

  const secrets = [env.PULUMI_CONFIG_PASSPHRASE ?? '', env.PULUMI_BACKEND_URL ?? '', ...specSecrets(run.request.spec)];
  if (ending?.type === 'error') {
    const { code, message, remedy, retryable } = ending;
    return new OperationError({ code, message: redactText(message, secrets), remedy, retryable, unclean: !cleanCodes.includes(code) });
  }
  const cause = stderr === '' ? undefined : new Error(redactText(stderr, secrets));
  return new OperationError({
    code: 'child_exited',
    message: `The operation's process ended early (${how}).`,
    retryable: true,
    unclean: true,
    cause,
  });
}
