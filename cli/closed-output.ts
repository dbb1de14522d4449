/** EIO: the terminal is gone. */
const closedCodes = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

/**
 * Keeps the end of whoever reads the output, such as `| head`, from ending the command half-way with an error that nobody catches.
 *
 * @param onClosed called when stdout can't be written any more; a command that only shows something ends then, one that changes something goes on
 */
export function tolerateClosedOutput(onClosed: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!closedCodes.has(error.code ?? '')) throw error;
      if (stream === process.stdout) onClosed();
    });
  }
}
