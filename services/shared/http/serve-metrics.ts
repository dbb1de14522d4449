import type { Registry } from 'prom-client';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';

interface ServeMetricsOptions {
  registry: Registry;
  port: number;
  host?: string;
}

/**
 * Serves `GET /metrics` on a port of its own, and nothing else: network policy can then let the scraper in to it without letting it in to the
 * API.
 */
export async function serveMetrics({ registry, port, host }: ServeMetricsOptions): Promise<Listening> {
  return listen(
    async (req, res) => {
      if (req.method !== 'GET' || req.url?.split('?', 1)[0] !== '/metrics') {
        res.writeHead(404).end();
        return;
      }
      try {
        const text = await registry.metrics();
        res.writeHead(200, { 'Content-Type': registry.contentType, 'Content-Length': Buffer.byteLength(text) }).end(text);
      } catch {
        res.writeHead(500).end();
      }
    },
    { port, ...(host === undefined ? {} : { host }) },
  );
}
