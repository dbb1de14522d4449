/** What a log may keep of a delivery that failed. */
export interface MailErrorFacts {
  /** nodemailer's, such as EENVELOPE or ETIMEDOUT. */
  code?: string;
  /** The SMTP command that was refused. */
  command?: string;
  /** SMTP's reply code. */
  responseCode?: number;
  /** RFC 3463's status, such as 5.1.1. */
  status?: string;
}

/** The reply's first line, whose status follows its code. */
const statusForm = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/;

/** Facts of an error of nodemailer's. Its texts are left out: servers repeat the recipient's address in their replies. */
export function describeMailError(err: unknown): MailErrorFacts {
  if (!(err instanceof Error)) return {};
  const { code, command, responseCode, response } = err as Error & Record<'code' | 'command' | 'responseCode' | 'response', unknown>;
  const [, status] = typeof response === 'string' ? (statusForm.exec(response) ?? []) : [];
  // A command has its arguments behind it, such as RCPT TO:<…>.
  const [verb] = typeof command === 'string' ? command.split(' ', 1) : [];
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(verb === undefined ? {} : { command: verb }),
    ...(typeof responseCode === 'number' ? { responseCode } : {}),
    ...(status === undefined ? {} : { status }),
  };
}
