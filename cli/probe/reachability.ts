import { z } from 'zod';
import type { Check } from './check.ts';

export interface Target {
  what: string;
  host: string;
  port: number;
  expected: Check['expected'];
}

/** Longer than any answer inside a cluster; a dropped packet never answers. */
const connectTimeoutMs = 3_000;

/**
 * Runs in a pod: tries every target at once and prints one word for each. A policy drops (timeout) or rejects (ECONNREFUSED), as the network
 * plugin pleases; so would a server that is down, which is why only targets with ready endpoints are tried.
 */
export const connectScript = `
const { connect } = require('node:net');
const targets = JSON.parse(process.argv[1]);
const attempt = ({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: ${connectTimeoutMs} });
  const end = (word) => { socket.destroy(); resolve(word); };
  socket.on('connect', () => end('connected')).on('timeout', () => end('timeout')).on('error', (error) => end(error.code || 'error'));
});
Promise.all(targets.map(attempt)).then((words) => console.log(JSON.stringify(words)));
`;

/** Turns what the script printed into checks. A name that does not resolve proves nothing about the network, so it is an error. */
export function readReachability(from: string, targets: readonly Target[], printed: unknown): Check[] {
  const words = z.array(z.string()).length(targets.length).parse(printed);
  return targets.map(({ what, host, port, expected }, index) => {
    const word = words[index] ?? '';
    if (['ENOTFOUND', 'EAI_AGAIN'].includes(word)) throw new Error(`${from}: ${host} does not resolve (${word}), so nothing was tried`);
    return { from, what: `${what} (${host}:${port})`, expected, outcome: word === 'connected' ? 'allowed' : 'refused', detail: word };
  });
}
