import { rmSync } from 'node:fs';
import { makeServerDirectory } from './local-services.ts';
import { startNats } from './start-nats.ts';

export interface TestNats {
  url: string;
  /** Takes the server away; its streams stay on disk. */
  stop(): Promise<void>;
  /** Brings it back on the same port, with its streams, or empty. */
  start(how?: { empty: boolean }): Promise<void>;
  /** Stops it for good and removes its data. */
  close(): Promise<void>;
}

/**
 * A NATS server for one test file: stream names are fixed, so files can't share one, and a file of its own may stop it. It starts in about
 * 50 ms.
 */
export async function createTestNats(): Promise<TestNats> {
  const directory = makeServerDirectory();
  let server = await startNats(directory);
  const { url, port } = server;
  return {
    url,
    stop: () => server.stop(),
    start: async ({ empty } = { empty: false }) => {
      if (empty) rmSync(`${directory}/nats`, { recursive: true, force: true });
      server = await startNats(directory, port);
    },
    close: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
