import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

interface SignedRequest {
  request: IncomingMessage;
  url: URL;
  body: Buffer;
  credentials: AwsCredentials;
}

const authorization =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/**
 * Verifies Signature Version 4 of a request to S3, written from its specification and not from the SDK that signs.
 *
 * @returns what is wrong, or undefined
 */
export function verifySignature({ request, url, body, credentials }: SignedRequest): string | undefined {
  const match = authorization.exec(request.headers.authorization ?? '');
  if (!match) return 'no signature of version 4';
  const [, id, day = '', region = '', signedHeaders = '', signature] = match;
  if (id !== credentials.accessKeyId || region !== credentials.region) return 'another key or region';
  const names = signedHeaders.split(';');
  if (!names.includes('host') || !names.includes('x-amz-date') || !names.includes('x-amz-content-sha256'))
    return 'not all headers that must be signed are';
  const date = String(request.headers['x-amz-date']);
  if (!date.startsWith(day) || Math.abs(Date.now() - parseDate(date)) > 15 * 60_000) return 'RequestTimeTooSkewed';
  const payload = String(request.headers['x-amz-content-sha256']);
  if (payload !== createHash('sha256').update(body).digest('hex')) return 'the payload is not what was signed';
  const canonical = [
    request.method ?? '',
    url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    [...url.searchParams]
      .map(([key, value]) => `${encode(key)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders,
    payload,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${region}/s3/aws4_request`, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (from, text) => hmac(from, text),
    `AWS4${credentials.secretAccessKey}`,
  );
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'the signature is another one';
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** 20261128T153000Z */
function parseDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
