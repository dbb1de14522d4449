import type { IncomingMessage } from 'node:http';
import { appErrors } from '../errors.ts';
import type { BodyHold } from './body-budget.ts';

export interface ReadBytesOptions {
  limitBytes: number;
  /** Counts what is kept; released by whoever made it. */
  hold?: BodyHold | undefined;
  /** Time that any body has, in milliseconds; a large one gets more. */
  patienceMs?: number | undefined;
}

const defaultPatienceMs = 4_000;
/** 0.5 Mbit/s: whoever sends a large body more slowly is cut off. */
const slowestBytesPerSecond = 65_536;

/**
 * Reads a whole body, and no more of it than is allowed, for no longer than its length deserves.
 *
 * @throws AppError 413 beyond the limit, 408 where it does not come in time, 400 where it ends early, 503 (busy) where there is no room for it
 */
export function readBytes(req: IncomingMessage, { limitBytes, hold, patienceMs = defaultPatienceMs }: ReadBytesOptions): Promise<Buffer> {
  const declared = req.headers['content-length'];
  if (Number(declared ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes));
  const expected = declared === undefined ? limitBytes : Number(declared);

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      // A late error of the connection is nobody's concern; without a listener it would end the process.
      req.on('error', () => undefined);
      finish();
    };
    const fail = (err: Error): void => settle(() => reject(err));
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limitBytes) {
        fail(tooLarge(limitBytes));
        return;
      }
      try {
        hold?.add(chunk.length);
      } catch (err) {
        fail(err as Error);
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onClose = (): void => fail(appErrors.invalidRequest({ field: 'body', reason: 'ended early' }));
    const timer = setTimeout(
      () => fail(appErrors.invalidRequest({ field: 'body', reason: 'did not arrive in time' }, 408)),
      patienceMs + (expected / slowestBytesPerSecond) * 1_000,
    );
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    if (req.destroyed && !req.readableEnded) onClose();
  });
}

function tooLarge(limitBytes: number): Error {
  return appErrors.invalidRequest({ field: 'body', reason: `must be at most ${limitBytes} bytes` }, 413);
}
