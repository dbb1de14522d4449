import test from 'ava';
import { readEvents } from '../../../cli/watch/read-events.ts';
import type { ServerEvent } from '../../../cli/watch/read-events.ts';

async function read(...chunks: (string | Uint8Array)[]) {
  const encoder = new TextEncoder();
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? encoder.encode(chunk) : chunk));
  const events: ServerEvent[] = [];
  for await (const event of readEvents(ReadableStream.from(bytes), () => undefined)) events.push(event);
  return events;
}

test('events are read with their ids, comments and unknown fields are not', async (t) => {
  t.deepEqual(await read('retry: 1000\n\n:\n\nevent: a\nid: 1\ndata: {}\n\ncolour: red\ndata: x\ndata: y\n\n'), [
    { event: 'a', id: '1', data: '{}' },
    { event: 'message', id: '1', data: 'x\ny' },
  ]);
});

test('an event that is cut off is not told', async (t) => {
  t.deepEqual(await read('event: a\ndata: 1\n\nevent: b\ndata: 2\n'), [{ event: 'a', id: undefined, data: '1' }]);
});

test('how the text is cut into pieces makes no difference, also within a character', async (t) => {
  const text = 'event: a\r\nid: op_1:2\r\ndata: {"name":"größer"}\r\n\r\n';
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  t.deepEqual(await read(...pieces), [{ event: 'a', id: 'op_1:2', data: '{"name":"größer"}' }]);
});

test('a line without end is refused', async (t) => {
  await t.throwsAsync(read('data: ', 'x'.repeat(1_000_001)), { message: /too long/ });
});
