interface MountedRouter {
  router?: { stack: readonly { path: string | RegExp; methods: readonly string[] }[] };
}

/** `METHOD /path` of every route that a Koa application's routers answer, but for HEAD, which comes with GET. */
export function routesOf(koa: { middleware: readonly unknown[] }): string[] {
  const routes = koa.middleware.flatMap((middleware) =>
    ((middleware as MountedRouter).router?.stack ?? []).flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    ),
  );
  return [...new Set(routes)].sort();
}
