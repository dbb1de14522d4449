import { redacted, redactText as redactFormed } from '../shared/redact-text.ts';

/**
 * Cuts known secrets, and what has the form of one, out of a text that a child wrote: providers quote connection strings in their errors, and
 * an operation's error is shown to the application's owner.
 */
export function redactText(text: string, secrets: readonly string[]): string {
  // A one-letter "secret" would shred the text and tell what it is.
  const cut = secrets.filter((secret) => secret.length >= 4).reduce((rest, secret) => rest.replaceAll(secret, redacted), text);
  return redactFormed(cut);
}
