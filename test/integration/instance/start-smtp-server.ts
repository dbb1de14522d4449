import { SMTPServer } from 'smtp-server';
import type { Mailer } from '../../../services/instance/email/mailer.ts';
import { createMailer } from '../../../services/instance/email/mailer.ts';
import { waitFor } from '../../support/wait-for.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** Whether it came over TLS. */
  secure: boolean;
  /** Headers and body, soft line breaks undone. */
  text: string;
  /** The one-time token in it, in a link or bare. */
  token: string;
  link: string | undefined;
}

export interface TestSmtpServer {
  mailer: Mailer;
  mails: ReceivedMail[];
  /** Attempts to deliver, refused ones included. */
  attempts: number;
  /** Answers the next deliveries with these codes instead of taking them. */
  refuse(...codes: number[]): void;
  /** The mail to this address that comes next, or has come. */
  mailTo(address: string, number?: number): Promise<ReceivedMail>;
  stop(): Promise<void>;
}

interface StartSmtpServerOptions {
  /** TLS from the start instead of STARTTLS. */
  implicitTls?: boolean;
  /** A server that offers no TLS at all. */
  withoutTls?: boolean;
}

const user = 'app@mail';
const password = 'p:w/d?';

/** A real SMTP server that takes mails in this process, over TLS and with a password only. */
export async function startSmtpServer({ implicitTls = false, withoutTls = false }: StartSmtpServerOptions = {}): Promise<TestSmtpServer> {
  const { key, cert } = await makeCertificate();
  const mails: ReceivedMail[] = [];
  const refusals: number[] = [];
  const smtp: TestSmtpServer = {
    mailer: { send: () => Promise.reject(new Error('not started')), close: () => Promise.resolve() },
    mails,
    attempts: 0,
    refuse: (...codes) => void refusals.push(...codes),
    mailTo: (address, number = 1) =>
      waitFor(`mail ${number} to ${address}`, () => mails.filter(({ to }) => to.includes(address.toLowerCase()))[number - 1]),
    stop: async () => {
      await smtp.mailer.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const server = new SMTPServer({
    key,
    cert,
    secure: implicitTls,
    authOptional: false,
    ...(withoutTls ? { hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true } : {}),
    onAuth: ({ username, password: given }, _session, done) =>
      username === user && given === password ? done(null, { user: username }) : done(new Error('Invalid username or password')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        smtp.attempts += 1;
        const code = refusals.shift();
        if (code !== undefined) {
          done(Object.assign(new Error('Refused by the test'), { responseCode: code }));
          return;
        }
        const text = Buffer.concat(chunks).toString().replace(/=\r\n/g, '').replace(/=3D/g, '=');
        const link = /https?:\/\/\S+[?&]token=[\w-]+/.exec(text)?.[0];
        const { envelope, secure } = session;
        mails.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address.toLowerCase()),
          secure,
          text,
          token: /(?:token=|: |<pre>)([\w-]{43})(?![\w-])/.exec(text)?.[1] ?? '',
          link,
        });
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.server.address() as { port: number }).port));
  });
  server.on('error', () => {});
  smtp.mailer = createMailer({
    smtpUrl: `${implicitTls ? 'smtps' : 'smtp'}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${port}`,
    from: 'Shop <no-reply@shop.example.com>',
    ca: cert,
  });
  return smtp;
}
