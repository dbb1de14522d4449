import { get } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { waitFor } from './wait-for.ts';

export interface ReadEvent {
  event: string;
  id: string | undefined;
  data: unknown;
}

export interface EventReader {
  status: number;
  headers: IncomingHttpHeaders;
  /** All that came so far. */
  events: ReadEvent[];
  comments: () => number;
  /** Waits until there are events of this name. */
  until(name: string, count?: number): Promise<ReadEvent[]>;
  /** Resolves when the server has ended the stream, or the connection broke. */
  ended: Promise<'ended' | 'broken'>;
  abort(): void;
  /** Reads no more, so that the server's buffers fill. */
  pause(): void;
}

interface OpenOptions {
  token: string;
  lastEventId?: string | undefined;
}

/** Opens a stream of server-sent events as any HTTP client does. */
export async function openEvents(url: string, { token, lastEventId }: OpenOptions): Promise<EventReader> {
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject);
  });
  let text = '';
  let comments = 0;
  const events: ReadEvent[] = [];
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1;
      else if (!block.startsWith('retry:')) events.push(parse(block));
    }
  });
  const ended = new Promise<'ended' | 'broken'>((resolve) => {
    response.once('end', () => resolve('ended'));
    response.once('error', () => resolve('broken'));
  });
  return {
    ...{ status: response.statusCode ?? 0, headers: response.headers, events, ended },
    comments: () => comments,
    async until(name, count = 1) {
      return waitFor(`${count} events ${name}`, () => {
        const found = events.filter(({ event }) => event === name);
        return found.length >= count && found;
      });
    },
    abort: () => void response.destroy(),
    pause: () => void response.pause(),
  };
}

function parse(block: string): ReadEvent {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const));
  return { event: fields.get('event') ?? '', id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') };
}
