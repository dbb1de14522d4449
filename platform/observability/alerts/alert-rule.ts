/** Decides who is told: critical pages somebody, a warning is for working hours, info for whoever reads it. */
export type Severity = 'critical' | 'warning' | 'info';

export interface AlertRule {
  /** Also the title of its section in docs/runbook.md. */
  alert: string;
  severity: Severity;
  expr: string;
  /** How long it must be true. 0: at once. */
  forSeconds: number;
  /** One line, with the labels that say whom it is about. */
  summary: string;
  description: string;
}

/** A query that is computed at each evaluation, and its result kept under a name. */
export interface RecordingRule {
  record: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
}

export interface AlertGroup {
  name: string;
  records?: readonly RecordingRule[];
  alerts: readonly AlertRule[];
}

export const minutes = (count: number): number => count * 60;
export const hours = (count: number): number => count * 3_600;
