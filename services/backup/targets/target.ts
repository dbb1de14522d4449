import type { Readable } from 'node:stream';

/** Where backups are kept: a folder of each run, with files in it. Keys are RUN/FILE. */
export interface BackupTarget {
  /** For people, without credentials. */
  readonly description: string;
  /** Writes all of a stream, or nothing: where it fails, no file is left under the key. */
  write(key: string, source: Readable, signal?: AbortSignal): Promise<void>;
  /** @throws Error where there is no such file */
  read(key: string): Promise<Readable>;
  /** Undefined where there is no such file. */
  readText(key: string): Promise<string | undefined>;
  /** Ids of all runs of which anything is there, in their order. */
  listRuns(): Promise<string[]>;
  /** Removes a run, its manifest first: what is left of a removal that was cut short is no run. */
  removeRun(runId: string): Promise<void>;
  close(): void;
}
