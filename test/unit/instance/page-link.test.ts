import test from 'ava';
import fc from 'fast-check';
import { allowedPage, linkWithToken } from '../../../services/instance/email/page-link.ts';

const origins = ['https://shop.example.com', 'http://localhost:3000'];

test('a page of an allowed origin passes, with its path and query', (t) => {
  t.is(allowedPage('https://shop.example.com/a?b=c#d', origins).href, 'https://shop.example.com/a?b=c#d');
  t.is(allowedPage('HTTPS://SHOP.example.com:443/', origins).href, 'https://shop.example.com/');
  t.is(allowedPage('http://localhost:3000/x', origins).href, 'http://localhost:3000/x');
});

test('the token joins the query and replaces one that was there', (t) => {
  t.is(linkWithToken(new URL('https://shop.example.com/a?token=old&b=c#d'), 'new'), 'https://shop.example.com/a?token=new&b=c#d');
});

test('whatever is written, a link leads to an allowed origin or is refused', (t) => {
  const pieces = fc.constantFrom(
    'https:',
    'http:',
    '//',
    '\\',
    '/',
    '@',
    '.',
    ':',
    '?',
    '#',
    '\t',
    'shop.example.com',
    'evil.com',
    'x',
    '%2f',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      let page: URL;
      try {
        page = allowedPage(parts.join(''), origins);
      } catch {
        return true;
      }
      return origins.includes(new URL(linkWithToken(page, 'token')).origin) && page.username === '';
    }),
    { numRuns: 5_000 },
  );
  t.pass();
});
