/**
 * How a function's time grows with its input: milliseconds for 16 KB and for 64 KB, each the best of several runs, so that a busy machine
 * does not count. What is linear takes 4 times as long for the larger input, what is quadratic 16 times.
 */
export function measureGrowth(run: (text: string) => unknown, piece: string): { small: number; large: number } {
  const small = piece.repeat(Math.ceil(16_384 / piece.length));
  return { small: bestOf(() => run(small)), large: bestOf(() => run(small.repeat(4))) };
}

/** What makes a pattern that is not linear slow: runs of what its parts begin with, and nothing that ends them. */
export const hostilePieces = [
  'a',
  '-',
  '.',
  ' ',
  '/',
  '@',
  ':',
  '=',
  '%',
  '<',
  '"',
  'a.',
  'a@',
  'a-',
  'a://',
  'a://b:',
  'a://b:c://',
  '://:@',
  '://:a@a',
];

const runs = 7;

function bestOf(run: () => unknown): number {
  let best = Infinity;
  for (let done = 0; done < runs; done += 1) {
    const before = process.threadCpuUsage();
    run();
    best = Math.min(best, cpuMs(before));
  }
  return best;
}

/** Processor time of this thread, in ms: whatever else the machine does takes nothing of it. */
function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
