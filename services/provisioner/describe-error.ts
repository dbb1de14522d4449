/** The first line of what an error says; for logs and operators. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message : 'unknown';
  return text.split('\n')[0] ?? '';
}
