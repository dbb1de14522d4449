export interface ServerEvent {
  event: string;
  id: string | undefined;
  data: string;
}

/** An event is a few hundred bytes, the whole operation a few thousand: what is longer is no event of ours. */
const maxLineLength = 1_000_000;

/**
 * The events of a text/event-stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them, of which `retry` is not
 * looked at.
 *
 * @param onBytes called whenever anything comes, a comment too
 * @throws Error where a line is over 1 MB, or the connection breaks
 */
export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerEvent> {
  let event = '';
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of readLines(body, onBytes)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', id, data: data.join('\n') };
      event = '';
      data = [];
      continue;
    }
    const [, name = '', value = ''] = /^([^:]*)(?::\s?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') event = value;
    else if (name === 'id') id = value;
    else if (name === 'data') data.push(value);
  }
}

async function* readLines(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    onBytes();
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw new Error('the event stream has a line that is too long');
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
