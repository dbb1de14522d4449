import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '../../services/shared/ids.ts';

/** One request and its answer, with what the passes find out about it. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  requestId: string;
  /** As the client sent them; the request itself is rewritten when it is forwarded. */
  method: string;
  url: string;
  /** For the log, without the query: people put secrets there. */
  path: string;
  appId: string | undefined;
  /** Whose pages may read an error; null until the route is known. */
  allowedOrigins: readonly string[] | null;
  startedAt: number;
}

/** A client's own id is kept where it has this form, so that it can follow a request through its logs and ours. */
const acceptedRequestId = /^req_[A-Za-z0-9]{8,64}$/;

/** Sets the headers that every answer has, errors included. */
export function startExchange(req: IncomingMessage, res: ServerResponse, region: string): Exchange {
  const given = req.headers['x-authsome-request-id'];
  const requestId = typeof given === 'string' && acceptedRequestId.test(given) ? given : newId('req');
  res.setHeader('X-AuthSome-Request-ID', requestId);
  res.setHeader('X-AuthSome-Region', region);
  const { method = 'GET', url = '' } = req;
  return {
    req,
    res,
    requestId,
    method,
    url,
    path: url.split('?', 1)[0] ?? '',
    appId: undefined,
    allowedOrigins: null,
    startedAt: performance.now(),
  };
}
