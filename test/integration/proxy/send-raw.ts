import { connect } from 'node:net';

/** Sends bytes as they are and returns all that comes back until the connection ends, or is silent for 500 ms after an answer. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let received = '';
    let quiet: NodeJS.Timeout | undefined;
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), 500);
    });
    socket.on('close', () => {
      clearTimeout(quiet);
      resolve(received);
    });
    socket.on('error', (err) => (received === '' ? reject(err) : resolve(received)));
  });
}

/** The status of each answer in what was received. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}
