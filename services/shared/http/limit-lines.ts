/** Of requests that were refused: whoever has no key or token must not fill the disk that logs are kept on. */
const refusalLinesPerSecond = 100;

export interface LineVerdict {
  admitted: boolean;
  /** Lines left out since the last one that was admitted. The metrics have counted their requests. */
  leftOut: number;
}

/**
 * Says which answers get a line in the access log: all but refusals beyond a number in each second.
 *
 * @param now milliseconds
 */
export function createLineLimit({ now = Date.now }: { now?: () => number } = {}): (answer: { refused: boolean }) => LineVerdict {
  let second = 0;
  let lines = 0;
  let waiting = 0;

  return ({ refused }) => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) [second, lines] = [current, 0];
    if (refused) lines += 1;
    const admitted = !refused || lines <= refusalLinesPerSecond;
    const leftOut = waiting;
    waiting = admitted ? 0 : waiting + 1;
    return { admitted, leftOut: admitted ? leftOut : 0 };
  };
}
