import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { randomInt } from 'node:crypto';

/**
 * Below every system's ephemeral range (Linux: 32768 to 60999), and below the NodePorts of a local cluster. A client that polls a port of the
 * ephemeral range before anything listens there may be given that port as its own, and is then connected to itself. Nor can any outgoing
 * connection take one of these ports before the server binds it.
 */
const firstPort = 12_000;
const endPort = 29_000;
const attempts = 200;
const reservations = path.join(tmpdir(), `authsome-test-ports-${userInfo().uid}`);

/** A TCP port on loopback for a server that can't report the port it bound. No other test process is given it while this one lives. */
export async function freePort(): Promise<number> {
  mkdirSync(reservations, { recursive: true });
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(firstPort, endPort);
    if (!reserve(port)) continue;
    if (await isFree(port)) return port;
    release(port);
  }
  throw new Error(`No port between ${firstPort} and ${endPort} is free`);
}

const reserved = new Set<number>();
process.once('exit', () => reserved.forEach(release));

function reserve(port: number): boolean {
  const file = fileOf(port);
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    if (holderLives(file)) return false;
    // Its process died without saying so. Whoever removes the file still has to win the next reservation.
    release(port);
    return false;
  }
  reserved.add(port);
  return true;
}

function release(port: number): void {
  reserved.delete(port);
  try {
    unlinkSync(fileOf(port));
  } catch {
    // Another process has removed it.
  }
}

function holderLives(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')) || process.pid, 0);
    return true;
  } catch {
    return false;
  }
}

const fileOf = (port: number): string => path.join(reservations, String(port));

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (bound) await new Promise((resolve) => server.close(resolve));
  return bound;
}
