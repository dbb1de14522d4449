import { ConcurrentUpdateError } from '@pulumi/pulumi/automation/index.js';
import { ZodError } from 'zod';
import type { OperationError, OperationErrorCode } from './operation-protocol.ts';

interface ErrorClass {
  pattern: RegExp;
  code: OperationErrorCode;
  retryable: boolean;
  remedy: string;
}

const rightsRemedy = "Give the provisioner's account the rights that the message names.";

/** First match wins: what no retry can mend comes first. */
const errorClasses: ErrorClass[] = [
  retryable('namespace_terminating', /because it is being terminated/i, 'Somebody deletes the namespace: it is made anew once it is gone.'),
  terminal('quota_exceeded', /exceeded quota/i, 'Raise the quota in the spec, or ask for less.'),
  terminal(
    'admission_refused',
    /violates PodSecurity|admission webhook .{1,300} denied|ValidatingAdmissionPolicy .{1,300} denied/i,
    'The cluster refuses such objects: look at its admission rules.',
  ),
  terminal('forbidden', /\bpermission denied\b/i, rightsRemedy),
  // An API server that has just started refuses everything until it has read the accounts and their rights.
  retryable('forbidden', /is forbidden|Unauthorized/i, rightsRemedy),
  terminal('name_taken', /is not adopted/i, 'Something else has this name: rename or remove it.'),
  terminal(
    'data_protected',
    /because it is protected|marked for protection/i,
    "The change would delete the tenant's data, so it was not made: correct the spec, or move the data first.",
  ),
  terminal('wrong_passphrase', /incorrect passphrase/i, 'Start the provisioner with the passphrase that the state was made with.'),
  terminal(
    'plugin_missing',
    /no resource plugin|could not find plugin|plugin .{1,200} not found/i,
    'Install the Pulumi plugins into PULUMI_HOME.',
  ),
  retryable(
    'pods_not_ready',
    /minimum number of Pods|did not become ready|timed out waiting|BackOff|failed to become available/i,
    "Look at the pods' events and logs in the namespace that the message names.",
  ),
  retryable(
    'state_unavailable',
    /failed to ping PostgreSQL|unable to open bucket|failed to check for table/i,
    'Check the database that holds the state.',
  ),
  terminal(
    'invalid_object',
    /\bis invalid: |failed schema validation|unknown property/i,
    'The spec gives objects that the cluster refuses.',
  ),
  retryable('database_unavailable', /PostgreSQL \S+, database/i, "Check the tenants' database server and its administrator's password."),
  retryable(
    'cluster_unavailable',
    /connection refused|i\/o timeout|TLS handshake|no route to host|unreachable|unable to load Kubernetes|no such host/i,
    "Check the cluster's API server.",
  ),
];

export interface FailureContext {
  /** What the engine reported while it ran; more to the point than the error itself. */
  diagnostics: string[];
  /** Values that must not appear in the message. */
  secrets: string[];
  /** Why the operation was stopped, where it was. */
  stopped?: 'cancelled' | 'deadline_exceeded';
}

/** Sorts a failed operation into an error that says whether to try again, and what a person can do. */
export function classifyError(error: unknown, { diagnostics, secrets, stopped }: FailureContext): OperationError {
  if (error instanceof ZodError) return invalidRequest(error);
  const message = redact(diagnostics.length > 0 ? diagnostics.join('\n') : describe(error), secrets);
  if (stopped === 'deadline_exceeded')
    return { type: 'error', retryable: true, code: stopped, message, remedy: 'It is tried again and goes on from where it was.' };
  if (stopped) return { type: 'error', retryable: true, code: stopped, message, remedy: 'It is tried again by another worker.' };
  if (error instanceof ConcurrentUpdateError)
    return { type: 'error', retryable: true, code: 'locked', message, remedy: 'The lock is taken over once its holder is proven dead.' };
  const found = errorClasses.find(({ pattern }) => pattern.test(message));
  if (!found) return { type: 'error', retryable: true, code: 'unknown', message, remedy: 'Look at the message.' };
  return { type: 'error', retryable: found.retryable, code: found.code, message, remedy: found.remedy };
}

/** Names each bad field and why; values stay out, as some are secret. */
function invalidRequest(error: ZodError): OperationError {
  const message = error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`).join('; ');
  return { type: 'error', retryable: false, code: 'invalid_request', message, remedy: 'Correct the fields that the message names.' };
}

/** Anything shorter is no secret worth the name, and would be cut out of the middle of words. */
const minSecretLength = 6;

/** A long message is cut: it is stored in a row and shown to people. */
const maxMessageLength = 4_000;

function redact(message: string, secrets: string[]): string {
  const redacted = secrets
    .filter((secret) => secret.length >= minSecretLength)
    .reduce((text, secret) => text.replaceAll(secret, '[secret]'), message);
  return redacted.length > maxMessageLength ? `…${redacted.slice(-maxMessageLength)}` : redacted;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function terminal(code: OperationErrorCode, pattern: RegExp, remedy: string): ErrorClass {
  return { code, pattern, remedy, retryable: false };
}

function retryable(code: OperationErrorCode, pattern: RegExp, remedy: string): ErrorClass {
  return { code, pattern, remedy, retryable: true };
}
