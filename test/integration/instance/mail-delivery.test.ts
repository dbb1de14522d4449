import test from 'ava';
import { createMailQueue } from '../../../services/instance/email/mail-queue.ts';
import type { MailOutcome } from '../../../services/instance/email/mail-queue.ts';
import { composeMail } from '../../../services/instance/email/compose-mail.ts';
import { createLog } from '../../../services/shared/log.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startSmtpServer } from './start-smtp-server.ts';

const log = createLog({ name: 'test', level: 'silent' });
const mailTo = (to: string) => () => Promise.resolve(composeMail({ to, subject: 'Subject', lines: ['A line.'], footer: 'The end.' }));

test('a mail that the server refuses for now is sent again, one that it refuses for good is not', async (t) => {
  const smtp = await startSmtpServer();
  t.teardown(() => smtp.stop());
  const outcomes: MailOutcome[] = [];
  const queue = createMailQueue({ mailer: smtp.mailer, log, retryPausesMs: [1, 1], onEnd: (outcome) => outcomes.push(outcome) });
  smtp.refuse(451, 450);
  queue.add(mailTo('greylisted@example.com'));
  await waitFor('the first mail', () => outcomes.length === 1);
  t.is(smtp.attempts, 3);
  smtp.refuse(550);
  queue.add(mailTo('unknown@example.com'));
  await waitFor('the second mail', () => outcomes.length === 2);
  t.is(smtp.attempts, 4);
  t.deepEqual(outcomes, ['sent', 'failed']);
  await queue.drain(1_000);
});

test('nothing is said to a server that offers no TLS', async (t) => {
  const smtp = await startSmtpServer({ withoutTls: true });
  t.teardown(() => smtp.stop());
  await t.throwsAsync(smtp.mailer.send(await mailTo('plain@example.com')()));
  t.is(smtp.attempts, 0);
  t.deepEqual(smtp.mails, []);
});

test('an address with a comma or a line break is no second recipient and no second header', async (t) => {
  const smtp = await startSmtpServer();
  t.teardown(() => smtp.stop());
  for (const to of ['a@example.com,b@example.com', 'a@example.com\r\nBcc: b@example.com']) {
    await smtp.mailer.send({ to, subject: 'x\r\nBcc: c@example.com', text: 't', html: 'h' }).catch(() => undefined);
  }
  t.false(smtp.mails.some(({ to, text }) => to.length > 1 || to.includes('b@example.com') || /^Bcc:/im.test(text)));
});
