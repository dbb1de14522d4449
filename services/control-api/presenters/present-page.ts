import type { Paged } from '../stores/page.ts';
import type { PageQuery } from '../routes/page-query.ts';

export interface PageView<T> {
  data: T[];
  total: number;
  page: number;
  pageSize: number;
}

/** The form of every list. */
export function presentPage<Row, View>(
  { rows, total }: Paged<Row>,
  { page, pageSize }: PageQuery,
  present: (row: Row) => View,
): PageView<View> {
  return { data: rows.map(present), total, page, pageSize };
}
