/** One thing that isolation promises, tried on the running platform. */
export interface Check {
  /** From where it was tried. */
  from: string;
  what: string;
  expected: 'allowed' | 'refused';
  outcome: 'allowed' | 'refused';
  /** How it was refused or allowed, in the words of what answered. */
  detail: string;
}

/** A promise that could not be tried, and why: never counted as kept. */
export interface Untried {
  from: string;
  what: string;
  reason: string;
}

export interface ProbeReport {
  checks: Check[];
  untried: Untried[];
}

export function holds({ expected, outcome }: Check): boolean {
  return expected === outcome;
}
