/**
 * How long each phase of an operation may take, in milliseconds; a phase that is not listed is bounded by the whole operation's limit. Each
 * is ten times and more of what the phase takes on a machine that is busy: what reaches it hangs.
 */
export const phaseLimitsMs: Readonly<Record<string, number>> = {
  /** Until the child has loaded its program and says what it does. */
  starting: 45_000,
  /** Makes the stack where there is none: one run of the CLI. */
  opening: 60_000,
  /** Breaks a dead holder's lock and looks at every resource of the stack. */
  recovering: 240_000,
  /** Removes the stack's own state: one run of the CLI. */
  removing: 60_000,
  /** Waits for the cluster's API server to answer. */
  'awaiting-cluster': 120_000,
  /** Waits for a namespace that somebody else deletes. */
  'awaiting-namespace': 120_000,
  /** Of a look for drift: at every resource, with what processor time others leave. */
  comparing: 240_000,
  /** Looks for what is left, and removes it. */
  verifying: 120_000,
  'store-outputs': 30_000,
  'publish-route': 30_000,
};

/** A job that could be taken for so long, and was not. */
export const queuedLimitMs = 60_000;

/** Of the search for what is left; the rest of the phase's limit is for the requests that are under way when it is over. */
export const verifyingLimitMs = 90_000;
