import test from 'ava';
import { composeMail } from '../../../services/instance/email/compose-mail.ts';
import { createMailQueue } from '../../../services/instance/email/mail-queue.ts';
import type { MailOutcome } from '../../../services/instance/email/mail-queue.ts';
import type { Mail } from '../../../services/instance/email/mailer.ts';
import { AppError } from '../../../services/shared/errors.ts';
import { createLog } from '../../../services/shared/log.ts';

const log = createLog({ name: 'test', level: 'silent' });
const mail = composeMail({ to: 'a@example.com', subject: 'Subject', lines: [], footer: '' });
const compose = () => Promise.resolve(mail);

/** A mailer whose deliveries end when the test says so. */
function heldMailer() {
  const held: PromiseWithResolvers<void>[] = [];
  const send = (_mail: Mail): Promise<void> => {
    const delivery = Promise.withResolvers<void>();
    held.push(delivery);
    return delivery.promise;
  };
  return { held, mailer: { send, close: () => Promise.resolve() } };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('two mails go at once, more wait, and beyond the limit none is taken', async (t) => {
  const { held, mailer } = heldMailer();
  const queue = createMailQueue({ mailer, log, maxPending: 3 });
  for (let i = 0; i < 3; i += 1) queue.add(compose);
  t.is(t.throws(() => queue.add(compose), { instanceOf: AppError })?.status, 503);
  await turn();
  t.is(held.length, 2);
  held[0]?.resolve();
  await turn();
  t.is(held.length, 3);
  t.notThrows(() => queue.add(compose));
});

test('a drain waits for what is under way, and takes nothing on', async (t) => {
  const { held, mailer } = heldMailer();
  const outcomes: MailOutcome[] = [];
  const queue = createMailQueue({ mailer, log, onEnd: (outcome) => outcomes.push(outcome) });
  queue.add(compose);
  await turn();
  const drained = queue.drain(10_000);
  t.throws(() => queue.add(compose));
  held[0]?.resolve();
  await drained;
  t.deepEqual(outcomes, ['sent']);
});

test('a drain ends after its time, whatever hangs', async (t) => {
  const { mailer } = heldMailer();
  const queue = createMailQueue({ mailer, log });
  queue.add(compose);
  await turn();
  await t.notThrowsAsync(queue.drain(10));
});

test('a drain gives up what waits for a further attempt', async (t) => {
  const mailer = { send: () => Promise.reject(new Error('down')), close: () => Promise.resolve() };
  const queue = createMailQueue({ mailer, log, retryPausesMs: [60_000] });
  queue.add(compose);
  await turn();
  await turn();
  const startedAt = Date.now();
  await queue.drain(10_000);
  t.true(Date.now() - startedAt < 5_000);
});

test('what can not be written is a failure, and what need not be sent is none', async (t) => {
  const { mailer } = heldMailer();
  const outcomes: MailOutcome[] = [];
  const queue = createMailQueue({ mailer, log, onEnd: (outcome) => outcomes.push(outcome) });
  queue.add(() => Promise.reject(new Error('no database')));
  queue.add(() => Promise.resolve(null));
  await queue.drain(1_000);
  t.deepEqual(outcomes.sort(), ['failed', 'skipped']);
});

test('a log of a refused delivery has its codes, and no address', async (t) => {
  const lines: string[] = [];
  const told = createLog({ name: 'test', level: 'trace' }, { write: (line) => void lines.push(line) });
  const refusal = Object.assign(new Error("Can't send mail - all recipients were rejected: 550 5.1.1 <ada@example.com>: unknown"), {
    code: 'EENVELOPE',
    command: 'RCPT TO:<ada@example.com>',
    responseCode: 550,
    response: '550 5.1.1 <ada@example.com>: Recipient address rejected',
    rejected: ['ada@example.com'],
  });
  const later = Object.assign(new Error('450 <ada@example.com>: greylisted'), {
    responseCode: 450,
    response: '450 4.2.0 <ada@example.com>',
  });
  for (const err of [refusal, later]) {
    const queue = createMailQueue({
      mailer: { send: () => Promise.reject(err), close: () => Promise.resolve() },
      log: told,
      retryPausesMs: [60_000],
    });
    queue.add(compose);
    await turn();
    await turn();
    await queue.drain(1_000);
  }
  t.like(JSON.parse(lines[0] ?? ''), { code: 'EENVELOPE', command: 'RCPT', responseCode: 550, status: '5.1.1', attempts: 1 });
  t.like(JSON.parse(lines[1] ?? ''), { responseCode: 450, status: '4.2.0' });
  t.false(lines.join('').includes('ada@'));
});
