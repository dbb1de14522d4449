import { z } from 'zod';
import type { Page } from '../stores/page.ts';

/** Query parameters of every list. The highest page keeps the offset a sane integer. */
export const pageQueryFields = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
};

export const pageQuerySchema = z.strictObject(pageQueryFields);
export type PageQuery = z.output<typeof pageQuerySchema>;

export function toPage({ page, pageSize }: PageQuery): Page {
  return { limit: pageSize, offset: (page - 1) * pageSize };
}
