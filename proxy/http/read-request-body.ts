import type { IncomingMessage } from 'node:http';
import type { BodyHold } from '../../services/shared/http/body-budget.ts';
import { readBytes } from '../../services/shared/http/read-bytes.ts';

/** 64 KiB: four times what the instance takes of anything but an import. */
export const maxBodyBytes = 65_536;
export const maxImportBytes = 1_048_576;

/** Largest body of a request. Only servers import users: a public key, which everybody has, can't send a large one. */
export function bodyLimit({ method, path, keyType }: { method: string; path: string; keyType: 'public' | 'secret' }): number {
  return method === 'POST' && path === '/users/import' && keyType === 'secret' ? maxImportBytes : maxBodyBytes;
}

/**
 * Reads the whole body. Node's parser has undone any chunking by then, so the upstream request is framed by us alone, with Content-Length,
 * and nothing of a client's framing can reach the instance.
 *
 * @returns null where the request has no body
 * @throws AppError as readBytes()
 */
export async function readRequestBody(
  req: IncomingMessage,
  { limitBytes, hold }: { limitBytes: number; hold: BodyHold },
): Promise<Buffer | null> {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return null;
  return readBytes(req, { limitBytes, hold });
}
