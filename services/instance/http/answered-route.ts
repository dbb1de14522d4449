/** The pattern of the route that answered, such as `/users/:id`; a path holds ids. */
export function answeredRoute(ctx: object): string | undefined {
  return '_matchedRoute' in ctx && typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : undefined;
}

/** The status that an error will be answered with. */
export function statusOfError(err: unknown): number {
  return err instanceof Error && 'status' in err && typeof err.status === 'number' ? err.status : 500;
}
