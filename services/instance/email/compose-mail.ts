import type { Mail } from './mailer.ts';
import { linkWithToken } from './page-link.ts';

export interface MailContent {
  to: string;
  subject: string;
  /** What it is about, a sentence each. */
  lines: readonly string[];
  /** What the reader is to do, where there is something. */
  action?: {
    label: string;
    token: string;
    /** The customer's page that takes the token; without one the token itself is in the mail. */
    page: URL | undefined;
    /** Such as "1 hour". */
    validFor: string;
  };
  footer: string;
}

/** One mail as text and as HTML. All that comes from outside (names, addresses) is escaped. */
export function composeMail({ to, subject, lines, action, footer }: MailContent): Mail {
  const link = action?.page === undefined ? undefined : linkWithToken(action.page, action.token);
  const note = action ? [`${link === undefined ? 'The code' : 'The link'} can be used once, within ${action.validFor}.`] : [];
  const actionText = action ? [`${action.label}: ${link ?? action.token}`] : [];
  const text = [...lines, ...actionText, ...note, footer].join('\n\n') + '\n';
  const actionHtml = action ? [link === undefined ? codeHtml(action.label, action.token) : linkHtml(action.label, link)] : [];
  const body = [...lines.map(paragraph), ...actionHtml, ...note.map(paragraph), paragraph(footer)].join('\n');
  const html = `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>\n<body>\n${body}\n</body>\n</html>\n`;
  return { to, subject, text, html };
}

const htmlEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEscapes[character] ?? character);
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

function linkHtml(label: string, link: string): string {
  return `<p><a href="${escapeHtml(link)}">${escapeHtml(label)}</a></p>\n<p>${escapeHtml(link)}</p>`;
}

function codeHtml(label: string, code: string): string {
  return `<p>${escapeHtml(label)}:</p>\n<pre>${escapeHtml(code)}</pre>`;
}
