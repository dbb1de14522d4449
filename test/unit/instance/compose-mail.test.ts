import test from 'ava';
import { composeMail } from '../../../services/instance/email/compose-mail.ts';

test('all that comes from outside is escaped in the HTML, and is as it was in the text', (t) => {
  const { html, text } = composeMail({
    to: 'a@example.com',
    subject: '<b>"Subject" & more</b>',
    lines: [`<script>alert('x')</script>`],
    action: { label: '<i>Go</i>', token: 'secret', page: new URL('https://shop.example.com/?q="><img src=x>'), validFor: '1 hour' },
    footer: '& the end',
  });
  t.notRegex(html, /<script|<b>|<i>|<img/);
  t.true(html.includes('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;'));
  t.true(text.includes(`<script>alert('x')</script>`));
  t.regex(html, /<a href="https:\/\/shop\.example\.com\/\?q=%22%3E%3Cimg\+src%3Dx%3E&amp;token=secret">/);
});

test('without a page the mail carries the token itself', (t) => {
  const { html, text } = composeMail({
    to: 'a@example.com',
    subject: 'Subject',
    lines: [],
    action: { label: 'Code', token: 'secret', page: undefined, validFor: '1 hour' },
    footer: '',
  });
  t.true(text.includes('Code: secret'));
  t.true(html.includes('<pre>secret</pre>'));
  t.notRegex(html, /<a /);
});
