import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Log } from '../services/shared/log.ts';
import { isCustomerUrl } from './passes/parse-path.ts';
import { createPasses } from './create-passes.ts';
import type { PassDeps } from './create-passes.ts';
import { answerError } from './http/answer-error.ts';
import { startExchange } from './http/start-exchange.ts';
import type { Exchange } from './http/start-exchange.ts';
import type { ProxyMetrics } from './metrics.ts';
import { ClientGoneError } from './upstream/create-forwarder.ts';

export interface ProxyDeps extends PassDeps {
  region: string;
  metrics: ProxyMetrics;
  log: Log;
  /** Answers everything outside `/v1/`: probes and metrics. */
  otherwise: RequestListener;
}

/** The customer-facing proxy: `/v1/{appId}/{path}` → that application's instance. */
export function createProxy(deps: ProxyDeps): RequestListener {
  const { region, metrics, log, otherwise } = deps;
  const runPasses = createPasses(deps);

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const exchange = startExchange(req, res, region);
    try {
      await runPasses(exchange);
    } catch (err) {
      if (!(err instanceof ClientGoneError)) answerError({ req, res, err, requestId: exchange.requestId, log });
    }
    if (res.destroyed && !res.writableFinished) metrics.clientGone();
    else record(exchange);
  }

  function record({ res, method, path, appId, requestId, startedAt }: Exchange): void {
    const durationMs = performance.now() - startedAt;
    metrics.answered(res.statusCode, durationMs / 1_000);
    log.info({ requestId, appId, method, path, status: res.statusCode, durationMs: Math.round(durationMs * 10) / 10 }, 'Request answered');
  }

  return (req, res) => {
    if (isCustomerUrl(req.url ?? '')) void serve(req, res);
    else otherwise(req, res);
  };
}
