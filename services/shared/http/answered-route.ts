/** The pattern of the route that answered, such as `/users/:id`; a path holds ids. */
export function answeredRoute(ctx: object): string | undefined {
  return '_matchedRoute' in ctx && typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : undefined;
}
