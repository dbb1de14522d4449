import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { appErrors } from '../errors.ts';
import type { AppError } from '../errors.ts';
import { closeLingering } from './linger.ts';
import { refusalBytes, renderRefusal } from './refusal.ts';

interface RefuseOptions {
  /** Of the same connection, in order. */
  open: readonly ServerResponse[];
  /** On every refusal. */
  headers: Readonly<Record<string, string>>;
}

/** Longer than any handler takes to answer. Behind a stream that lasts longer, the connection is cut without an answer. */
const patienceMs = 30_000;

/**
 * Ends a connection that the parser refuses, since what follows on it can't be trusted. The requests before are answered first, each once and
 * in order. The refusal comes after them, unless the refused request has an answer already.
 */
export async function refuseConnection(socket: Duplex, err: NodeJS.ErrnoException, { open, headers }: RefuseOptions): Promise<void> {
  if (err.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.pause();
  // A request whose body is unfinished can only be the last one, and then it is the refused one.
  const refused = open.find(({ req }) => !req.complete);
  const before = open.filter((res) => res !== refused || res.headersSent);
  if (!(await allClosed(before, socket)) || !socket.writable) {
    socket.destroy();
    return;
  }
  if (!refused?.headersSent) socket.write(refusalBytes(renderRefusal(describe(err.code), headers)), 'latin1');
  closeLingering(socket);
}

async function allClosed(answers: readonly ServerResponse[], socket: Duplex): Promise<boolean> {
  const given = new AbortController();
  const signal = AbortSignal.any([given.signal, AbortSignal.timeout(patienceMs)]);
  const onClose = (): void => given.abort();
  socket.once('close', onClose);
  try {
    await Promise.all(answers.filter(({ closed }) => !closed).map((res) => once(res, 'close', { signal })));
    return true;
  } catch {
    return false;
  } finally {
    socket.off('close', onClose);
  }
}

function describe(code: string | undefined): AppError {
  return reasons.get(code)?.() ?? appErrors.invalidRequest({ field: 'request', reason: 'is not valid HTTP' });
}

const reasons = new Map<string | undefined, () => AppError>([
  [
    'HPE_HEADER_OVERFLOW',
    () => appErrors.invalidRequest({ field: 'headers', reason: 'must be at most 16 KiB together with the path' }, 431),
  ],
  ['ERR_HTTP_REQUEST_TIMEOUT', () => appErrors.invalidRequest({ field: 'request', reason: 'was not complete in time' }, 408)],
]);
