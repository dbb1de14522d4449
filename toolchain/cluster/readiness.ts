import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Readiness } from './components.ts';

const probeTimeoutMs = 2_000;

/** Asks a component once whether it serves. */
export async function isReady(readiness: Readiness): Promise<boolean> {
  switch (readiness.kind) {
    case 'socket':
      return new Promise((resolve) => {
        const socket = connect(readiness.path);
        const answer = (ready: boolean): void => {
          socket.destroy();
          resolve(ready);
        };
        socket.setTimeout(probeTimeoutMs, () => answer(false));
        socket.once('connect', () => answer(true)).once('error', () => answer(false));
      });
    case 'http':
      return answersOk((done) => httpRequest(readiness.url, { timeout: probeTimeoutMs }, done));
    case 'https': {
      const files = await Promise.all([readiness.ca, readiness.certificate, readiness.key].map((file) => readFile(file))).catch(
        () => undefined,
      );
      if (files === undefined) return false;
      const [ca, cert, key] = files;
      return answersOk(
        (done) => httpsRequest(readiness.url, { ca, cert, key, timeout: probeTimeoutMs, agent: false }, done),
        readiness.contains,
      );
    }
  }
}

async function answersOk(send: (done: (response: IncomingMessage) => void) => ClientRequest, contains = ''): Promise<boolean> {
  return new Promise((resolve) => {
    const request = send((response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(response.statusCode === 200 && Buffer.concat(chunks).includes(contains)));
      response.once('error', () => resolve(false));
    });
    request.on('timeout', () => request.destroy(new Error('probe timed out')));
    request.on('error', () => resolve(false));
    request.end();
  });
}
