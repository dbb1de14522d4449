export interface RawAnswer {
  status: number;
  /** Names in lower case; the last one wins. */
  headers: Record<string, string>;
  body: string;
}

/** The length of an answer's body is what its headers say. Answers to HEAD must not be among them. @throws where bytes are left that are none */
export function readAnswers(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    if (end === -1 || Number.isNaN(status)) throw new Error(`no answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const headers: Record<string, string> = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const { body, after } = readBody(rest.slice(end + 4), headers, status);
    // 100 Continue is not yet the answer.
    if (status >= 200) answers.push({ status, headers, body });
    rest = after;
  }
  return answers;
}

function readBody(text: string, headers: Record<string, string>, status: number): { body: string; after: string } {
  if (status < 200 || status === 204 || status === 304) return { body: '', after: text };
  if (headers['transfer-encoding'] === 'chunked') return readChunks(text);
  const length = Number(headers['content-length'] ?? text.length);
  if (text.length < length) throw new Error(`a body of ${text.length} bytes instead of ${length}`);
  return { body: text.slice(0, length), after: text.slice(length) };
}

function readChunks(text: string): { body: string; after: string } {
  let body = '';
  for (let rest = text; ;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (end === -1 || Number.isNaN(size)) throw new Error('a body of broken chunks');
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
    if (size === 0) return { body, after: rest };
  }
}
