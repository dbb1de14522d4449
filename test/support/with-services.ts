import { spawn } from 'node:child_process';
import { startLocalServices } from './local-services.ts';

// node test/support/with-services.ts -- COMMAND…: runs the command with real PostgreSQL, Redis and NATS, named by TEST_DATABASE_URL,
// TEST_REDIS_URL and TEST_NATS_URL, and ends with its exit code.
const [separator, command, ...args] = process.argv.slice(2);
if (separator !== '--' || command === undefined) {
  console.error('usage: node test/support/with-services.ts -- COMMAND [ARGUMENT…]');
  process.exit(2);
}

const services = await startLocalServices();
const child = spawn(command, args, {
  stdio: 'inherit',
  env: { ...process.env, TEST_DATABASE_URL: services.databaseUrl, TEST_REDIS_URL: services.redisUrl, TEST_NATS_URL: services.natsUrl },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));

const exitCode = await new Promise<number>((resolve) => {
  child.once('error', (err) => {
    console.error(`${command} could not be run: ${err.message}`);
    resolve(127);
  });
  child.once('exit', (code) => resolve(code ?? 1));
});
await services.stop();
process.exit(exitCode);
