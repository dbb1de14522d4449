import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { AppError } from '../services/shared/errors.ts';
import { createLineLimit } from '../services/shared/http/limit-lines.ts';
import type { Log } from '../services/shared/log.ts';
import type { RequestSpan } from '../services/shared/tracing.ts';
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
  /** Answers everything outside `/v1/`: probes. */
  otherwise: RequestListener;
}

/** The customer-facing proxy: `/v1/{appId}/{path}` → that application's instance. */
export function createProxy(deps: ProxyDeps): RequestListener {
  const { region, metrics, tracing, log, otherwise } = deps;
  const runPasses = createPasses(deps);

  async function serve(req: IncomingMessage, res: ServerResponse, span: RequestSpan | undefined): Promise<void> {
    const exchange = startExchange(req, res, region);
    let reason: string | undefined;
    try {
      await runPasses(exchange);
    } catch (err) {
      if (!(err instanceof ClientGoneError)) answerError(exchange, err, log);
      reason = refusalReason(err);
    }
    const { appId, requestId } = exchange;
    span?.end({ status: res.statusCode, attributes: { 'authsome.request_id': requestId, ...(appId ? { 'authsome.app_id': appId } : {}) } });
    if (res.destroyed && !res.writableFinished) metrics.clientGone();
    else record(exchange, reason);
  }

  const admitLine = createLineLimit();

  function record(exchange: Exchange, reason: string | undefined): void {
    const { res, method, path, appId, requestId, startedAt } = exchange;
    const durationMs = performance.now() - startedAt;
    metrics.answered({ status: res.statusCode, reason, seconds: durationMs / 1_000 });
    const { admitted, leftOut } = admitLine({ refused: reason !== undefined && res.statusCode < 500 });
    if (!admitted) return;
    const facts = { requestId, appId, method, path, status: res.statusCode, durationMs: Math.round(durationMs * 10) / 10 };
    log.info(leftOut === 0 ? facts : { ...facts, leftOut }, 'Request answered');
  }

  return (req, res) => {
    const { url = '', method = 'GET', headers } = req;
    if (isCustomerUrl(url)) void tracing.serve({ method, headers }, (span) => serve(req, res, span));
    else otherwise(req, res);
  };
}

/** One of a few words, as a metric's label has to be. */
function refusalReason(err: unknown): string {
  if (!(err instanceof AppError)) return 'internal_error';
  const { code, details } = err;
  return code === 'service_unavailable' && details !== undefined && !Array.isArray(details) ? details.reason : code;
}
