import test from 'ava';
import { startRelayLoop } from '../../../services/control-api/outbox/relay-loop.ts';
import { createLog } from '../../../services/shared/log.ts';
import { waitFor } from '../../support/wait-for.ts';

const never = 1_000_000;

function start(round: () => Promise<boolean>, pollMs: number) {
  const lines: string[] = [];
  const log = createLog({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  return { lines, ...startRelayLoop({ round, pollMs, name: 'test', log }) };
}

test('a wake-up during a round causes another one, and many cause no more than that', async (t) => {
  let rounds = 0;
  let release = (): void => undefined;
  const loop = start(async () => {
    rounds += 1;
    if (rounds === 1) await new Promise<void>((resolve) => (release = resolve));
    return false;
  }, never);
  for (let i = 0; i < 5; i += 1) loop.wake();
  release();
  await waitFor('the second round', () => rounds === 2);
  await loop.stop();
  t.is(rounds, 2);
});

test('a round that may have left something is followed at once', async (t) => {
  let rounds = 0;
  const loop = start(() => Promise.resolve((rounds += 1) < 3), never);
  await waitFor('three rounds', () => rounds === 3);
  await loop.stop();
  t.is(rounds, 3);
});

test('failing rounds go on at the poll interval; an outage is logged once, and its end', async (t) => {
  let rounds = 0;
  const loop = start(() => {
    rounds += 1;
    return rounds <= 4 ? Promise.reject(new Error('away')) : Promise.resolve(false);
  }, 1);
  await waitFor('the outage to end', () => rounds > 4);
  await loop.stop();
  t.deepEqual(
    loop.lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['Relay failed, will try again', 'Relay works again'],
  );
});

test('stopping waits for the round that is running', async (t) => {
  let done = false;
  const loop = start(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done = true;
    return false;
  }, never);
  await loop.stop();
  t.true(done);
});
