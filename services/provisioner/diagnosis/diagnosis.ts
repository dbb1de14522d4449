/** Why an application's pods don't come, or its namespace does not go, in the terms of an operation's error. */
export interface Diagnosis {
  code:
    | 'namespace_terminating'
    | 'quota_exceeded'
    | 'image_missing'
    | 'container_not_started'
    | 'instance_crashing'
    | 'volume_pending'
    | 'unschedulable';
  /** For the owner: names, reasons and exit codes, never what a program has written. */
  message: string;
  remedy: string;
  /** False where nothing changes until somebody changes something. */
  retryable: boolean;
}
