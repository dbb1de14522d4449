/** Reports why a command ends: with `--json` as one JSON object on stdout, else as text on stderr. */
export function reportError(error: unknown, { json }: { json?: boolean | undefined }): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json === true) console.log(JSON.stringify({ error: { message, ...detailsOf(error) } }));
  else console.error(`\n${message}`);
  if (process.env['AUTHSOME_DEBUG'] !== undefined) console.error(error);
}

/** For scripts: a code that does not change, and the status of an HTTP answer. */
function detailsOf(error: unknown): { code?: string; status?: number } {
  if (!(error instanceof Error)) return {};
  return {
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...('status' in error && typeof error.status === 'number' ? { status: error.status } : {}),
  };
}
