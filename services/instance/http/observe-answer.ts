/** Runs what is next in line, and says with which status the request is answered, whether by an answer or by an error, which goes on. */
export async function observeStatus(
  ctx: { status: number },
  next: () => Promise<unknown>,
  answered: (status: number) => void,
): Promise<void> {
  let status = 500;
  try {
    await next();
    status = ctx.status;
  } catch (err) {
    status = statusOfError(err);
    throw err;
  } finally {
    answered(status);
  }
}

/** The status that an error will be answered with. */
function statusOfError(err: unknown): number {
  return err instanceof Error && 'status' in err && typeof err.status === 'number' ? err.status : 500;
}
