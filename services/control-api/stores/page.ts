/** A page of a list, as SQL counts it. */
export interface Page {
  limit: number;
  offset: number;
}

/** One page's rows and the number of all rows. */
export interface Paged<T> {
  rows: T[];
  total: number;
}
