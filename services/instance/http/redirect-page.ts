import { z } from 'zod';
import { allowedPage, maxPageLength } from '../email/page-link.ts';

/** A page of the customer's in a request's body. */
export const redirectUrlSchema = z.string().max(maxPageLength);

/** @throws invalid_request where the page is not of an allowed origin */
export type ReadPage = (redirectUrl: string | undefined) => URL | undefined;

export function createReadPage(allowedOrigins: readonly string[]): ReadPage {
  return (redirectUrl) => (redirectUrl === undefined ? undefined : allowedPage(redirectUrl, allowedOrigins));
}
