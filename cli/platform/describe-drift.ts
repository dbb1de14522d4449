import type { Drift } from './engine-events.ts';

/** What an `up` found deleted or changed behind the platform's back, in sentences; none where nothing was. */
export function describeDrift({ recreated, putBack }: Drift): string[] {
  return [
    ...(recreated.length === 0 ? [] : [`Deleted behind the platform's back, and made again: ${recreated.join(', ')}.`]),
    ...(putBack.length === 0 ? [] : [`Changed behind the platform's back, and put back: ${putBack.join(', ')}.`]),
  ];
}
