import type { Duplex } from 'node:stream';

/** What a client still sends is thrown away for so long, in milliseconds. */
const lingerMs = 1_000;

/**
 * Closes a connection on which the client may still be sending. Closed at once, the kernel would answer what comes with a reset, which
 * throws away what the client has not read of our answer (RFC 9112, section 9.6).
 */
export function closeLingering(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  if (socket.writable) socket.end();
  socket.resume();
}
