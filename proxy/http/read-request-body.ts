import type { IncomingMessage } from 'node:http';
import { appErrors } from '../../services/shared/errors.ts';

/** 1 MiB: far above any authentication request, so that a body can be held in memory and sent with a known length. */
export const maxBodyBytes = 1_048_576;

/**
 * Reads the whole body. Node's parser has undone any chunking by then, so the upstream request is framed by us alone, with Content-Length,
 * and nothing of a client's framing can reach the instance.
 *
 * @returns null where the request has no body
 * @throws invalid_request (413) beyond 1 MiB, and what the stream fails with where the client goes away
 */
export async function readRequestBody(req: IncomingMessage): Promise<Buffer | null> {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return null;
  if (Number(length ?? 0) > maxBodyBytes) throw tooLarge();

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void): void => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBodyBytes) settle(() => reject(tooLarge()));
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onClose = (): void => settle(() => reject(new Error('The client went away in the middle of its body')));
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

function tooLarge(): Error {
  return appErrors.invalidRequest({ field: 'body', reason: `must be at most ${maxBodyBytes} bytes` }, 413);
}
