import test from 'ava';
import { PassThrough, Writable } from 'node:stream';
import { openEventStream } from '../../../services/control-api/streams/event-stream.ts';

const never = 1_000_000;
const limits = { heartbeatMs: never, stallMs: never, maxMs: never };

/** Takes nothing until it is told to. */
function stubbornReader() {
  let take = (): void => undefined;
  let written = 0;
  const out = new Writable({
    highWaterMark: 64,
    write(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      take = done;
    },
  });
  return { out, take: () => take(), written: () => written };
}

test('events are written as the standard has them, each in one piece', async (t) => {
  const out = new PassThrough();
  const stream = openEventStream(out, limits);
  stream.send({ event: 'resource', id: 'op_1:2', data: { name: 'line\nbreak' } });
  stream.send({ event: 'end', data: null });
  stream.end();
  const text = (await out.setEncoding('utf8').toArray()).join('');
  t.is(text, 'retry: 1000\n\nevent: resource\nid: op_1:2\ndata: {"name":"line\\nbreak"}\n\nevent: end\ndata: null\n\n');
  await stream.closed;
});

test('a reader that is behind is sent nothing more until it has taken what there is', (t) => {
  const { out, take } = stubbornReader();
  const stream = openEventStream(out, limits);
  t.true(stream.ready());
  stream.send({ event: 'resource', data: 'x'.repeat(100) });
  t.false(stream.ready());
  take();
  return new Promise<void>((resolve) => {
    out.once('drain', () => {
      t.true(stream.ready());
      out.destroy();
      resolve();
    });
    setImmediate(take);
  });
});

test('a reader that takes nothing is cut off after a time', async (t) => {
  const { out } = stubbornReader();
  const stream = openEventStream(out, { ...limits, stallMs: 20 });
  stream.send({ event: 'resource', data: 'x'.repeat(100) });
  await stream.closed;
  t.true(out.destroyed);
  t.false(stream.ready());
});

test('a reader that does not take the rest of what ends is cut off too', async (t) => {
  const { out } = stubbornReader();
  const stream = openEventStream(out, { ...limits, stallMs: 20 });
  stream.end();
  await stream.closed;
  t.true(out.destroyed);
});

test('comments are not heaped up for a reader that is behind', async (t) => {
  const { out } = stubbornReader();
  const stream = openEventStream(out, { ...limits, heartbeatMs: 2, stallMs: 60 });
  stream.send({ event: 'resource', data: 'x'.repeat(100) });
  const waiting = out.writableLength;
  await stream.closed;
  t.true(waiting < 200);
  t.true(out.writableLength <= waiting);
});

test('after the end nothing is written, and a fault of the connection is no fault of ours', async (t) => {
  const out = new PassThrough();
  const stream = openEventStream(out, limits);
  out.destroy(new Error('ECONNRESET'));
  await stream.closed;
  stream.send({ event: 'resource', data: 1 });
  stream.end();
  t.false(stream.ready());
});
