/** One JSON value, on stdout: what `--json` promises. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}

/** Rows under headings, columns as wide as their widest cell. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** Seconds between two RFC 3339 times, or nothing where the second has not come yet. */
export function secondsBetween(startedAt: string, endedAt: string | null | undefined): string {
  return endedAt == null ? '' : ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(2);
}
