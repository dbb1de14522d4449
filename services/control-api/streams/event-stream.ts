import type { Writable } from 'node:stream';

export interface StreamEvent {
  event: string;
  data: unknown;
  /** What a client that comes back sends as Last-Event-ID. */
  id?: string;
}

export interface EventStreamLimits {
  /** Between two comments that keep idle connections open; proxies in front close them after 60 s and more. */
  heartbeatMs: number;
  /** A reader that takes nothing for so long is cut off. */
  stallMs: number;
  /** A stream ends after this time, and the client comes back: who lost the right to read it is refused then. */
  maxMs: number;
}

export const eventStreamLimits: EventStreamLimits = { heartbeatMs: 15_000, stallMs: 30_000, maxMs: 600_000 };

/** When a client should come back after a stream that ended early. */
const retryMs = 1_000;

export interface EventStream {
  send(event: StreamEvent): void;
  /** False while the reader is behind: nothing more should be sent, so that no more than one batch waits in memory. */
  ready(): boolean;
  /** Ends it after what was sent. */
  end(): void;
  /** Resolves when the stream is over, whoever ended it. */
  closed: Promise<void>;
}

/** Server-sent events on an answer whose headers are written. */
export function openEventStream(out: Writable, { heartbeatMs, stallMs, maxMs }: EventStreamLimits = eventStreamLimits): EventStream {
  let stalled: NodeJS.Timeout | undefined;
  let ending: NodeJS.Timeout | undefined;
  const write = (text: string): void => {
    if (out.destroyed || out.writableEnded) return;
    if (out.write(text)) return;
    stalled ??= setTimeout(() => out.destroy(), stallMs);
  };
  out.on('drain', () => {
    clearTimeout(stalled);
    stalled = undefined;
  });
  const end = (): void => {
    if (out.destroyed || out.writableEnded) return;
    out.end();
    // A reader that doesn't take the rest must not hold the connection.
    ending = setTimeout(() => out.destroy(), stallMs);
  };

  const heartbeat = setInterval(() => {
    if (stalled === undefined) write(':\n\n');
  }, heartbeatMs);
  const deadline = setTimeout(end, maxMs);
  const closed = new Promise<void>((resolve) => {
    const over = (): void => {
      clearInterval(heartbeat);
      for (const timer of [deadline, stalled, ending]) clearTimeout(timer);
      resolve();
    };
    if (out.destroyed) over();
    else out.once('close', over);
  });
  // The connection's faults end it, and that is all there is to do about them.
  out.on('error', () => undefined);
  write(`retry: ${retryMs}\n\n`);

  return {
    send: ({ event, data, id }) => write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`),
    ready: () => stalled === undefined && !out.destroyed && !out.writableEnded,
    end,
    closed,
  };
}
