import type { SecureContextOptions } from 'node:tls';
import type { Transporter } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /** Resolves once the server has taken the mail. @throws what nodemailer throws, with `responseCode` where the server refused */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}

export interface MailerOptions {
  /** `smtps://` is TLS from the start; `smtp://` must be turned into TLS (STARTTLS) before anything is said. */
  smtpUrl: string;
  from: string;
  /** A certificate authority besides the public ones, for tests. */
  ca?: SecureContextOptions['ca'];
}

const connectTimeoutMs = 10_000;
/** A server may check a mail for spam before it answers. */
const idleTimeoutMs = 30_000;
const submissionPort = 587;
const submissionTlsPort = 465;

/** Sends e-mail through an SMTP server. nodemailer is loaded with the first mail: it takes no part in the start. */
export function createMailer({ smtpUrl, from, ca }: MailerOptions): Mailer {
  let transport: Promise<Transporter> | undefined;

  async function connect(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer');
    const { protocol, hostname, port, username, password } = new URL(smtpUrl);
    const secure = protocol === 'smtps:';
    return createTransport({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (secure ? submissionTlsPort : submissionPort),
      secure,
      requireTLS: !secure,
      ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      ...(ca === undefined ? {} : { tls: { ca } }),
      pool: true,
      maxConnections: 2,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      dnsTimeout: connectTimeoutMs,
      socketTimeout: idleTimeoutMs,
      // Contents are ours, and never to be fetched from anywhere.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  return {
    async send({ to, subject, text, html }) {
      transport ??= connect();
      // As an object: nodemailer would take a string apart, and a comma in it would be a second recipient.
      await (await transport).sendMail({ from, to: { name: '', address: to }, subject, text, html });
    },
    async close() {
      (await transport)?.close();
    },
  };
}
