import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import ts from 'typescript';
import { nodesOf, parseFolders, place } from './source-files.ts';

/** Of the longest text that any of them is given in one piece, headers and paths: 16 KiB. */
const length = 16_384;
/** Of the processor. A linear search of it takes less than 1 ms, one that is quadratic or worse more than 100. */
const limitMs = 30;
/** The first run of an expression compiles it. */
const attempts = 3;
const patienceMs = 60_000;

const expressions = parseFolders(['services', 'proxy', 'domain', 'stacks', 'tenant-program']).flatMap((file) => [
  ...nodesOf(file, ts.isRegularExpressionLiteral).map((node) => ({ name: place(file, node), ...partsOf(node.text) })),
]);

test('every regular expression of the services is linear: no text that repeats what it looks for takes long', async (t) => {
  t.true(expressions.length > 50);
  const cases = expressions.map(({ name, source, flags }) => ({ name, source, flags, pumps: pumpsOf(source) }));
  const worker = new Worker(program, { eval: true, workerData: { cases, length, limitMs, attempts } });
  let current = '';
  const slow: string[] = [];
  worker.on('message', ({ begins, tooSlow }: { begins?: string; tooSlow?: string }) => {
    current = begins ?? current;
    if (tooSlow !== undefined) slow.push(tooSlow);
  });
  const deadline = setTimeout(() => {
    slow.push(`${current}: never ends`);
    void worker.terminate();
  }, patienceMs);
  await once(worker, 'exit');
  clearTimeout(deadline);
  t.deepEqual(slow, []);
});

test('an expression that is quadratic is found, as a probe of this test', async (t) => {
  const [source, flags] = [String.raw`\w+:\/\/[^/]*@`, ''];
  const worker = new Worker(program, {
    eval: true,
    workerData: { cases: [{ name: 'probe', source, flags, pumps: pumpsOf(source) }], length, limitMs, attempts },
  });
  const messages: { tooSlow?: string }[] = [];
  worker.on('message', (message: { tooSlow?: string }) => messages.push(message));
  await once(worker, 'exit');
  t.true(messages.some(({ tooSlow }) => tooSlow !== undefined));
});

/** In a thread, as an expression that takes forever can't be stopped otherwise. */
const program = `
  const { parentPort, workerData: { cases, length, limitMs, attempts } } = require('node:worker_threads');
  const take = (expression, text) => {
    const before = process.threadCpuUsage();
    if (expression.global) text.replace(expression, '');
    else expression.test(text);
    return process.threadCpuUsage(before).user / 1_000;
  };
  const longTexts = ([begin, pump]) => {
    const text = begin + pump.repeat(Math.ceil(length / pump.length)).slice(0, length);
    return [text, text + String.fromCharCode(0)];
  };
  for (const { name, source, flags, pumps } of cases) {
    parentPort.postMessage({ begins: name });
    const expression = new RegExp(source, flags);
    for (const text of pumps.flatMap(longTexts)) {
      let fastest = Infinity;
      for (let attempt = 0; attempt < attempts && fastest > limitMs; attempt += 1) fastest = Math.min(fastest, take(expression, text));
      if (fastest <= limitMs) continue;
      parentPort.postMessage({ tooSlow: name + ': ' + Math.round(fastest) + ' ms for ' + JSON.stringify(text.slice(0, 40)) });
      break;
    }
  }`;

/** What a text begins with, as a match may, and what it repeats from there. */
function pumpsOf(source: string): [begin: string, pump: string][] {
  const usual = ['a', '0', ' ', '-', '/', 'a://', 'a://b:', '"', '\\', '\n', 'a.', 'a@', '{', '('];
  const words = wordsOf(source);
  const pumps = [...new Set([...usual, ...words, ...words.join('')])];
  return ['', 'a', ...words].flatMap((begin) => pumps.map((pump): [string, string] => [begin, pump]));
}

/** The texts that an expression names: `Bearer ` and `sk_` of `/^Bearer +(sk_[0-9]+)/`. */
function wordsOf(source: string): string[] {
  const words = source.replaceAll(/\\[a-zA-Z](\{[^}]*\})?/g, '|').split(/[\\^$()[\]{}|?*+]+/);
  return [...new Set(words)].filter((word) => word !== '').slice(0, 5);
}

function partsOf(literal: string): { source: string; flags: string } {
  const end = literal.lastIndexOf('/');
  return { source: literal.slice(1, end), flags: literal.slice(end + 1) };
}
