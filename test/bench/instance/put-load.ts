import autocannon from 'autocannon';

export interface Load {
  url: string;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  /** Made anew for each request. */
  body?: () => string;
  seconds: number;
}

const connections = 10;

/** Answers per second under ten connections. @throws where an answer was not a success */
export async function putLoad({ url, method, headers, body, seconds }: Load): Promise<number> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ method, headers, setupRequest: (request) => (body === undefined ? request : { ...request, body: body() }) }],
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests to ${url} failed`);
  return result['2xx'] / result.duration;
}
