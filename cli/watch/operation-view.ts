import { clearScreenDown, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { OperationListener } from './follow-operation.ts';
import { initialOperationState, withPhase, withResource } from './operation-state.ts';
import type { OperationState } from './operation-state.ts';
import { renderCounts, renderOperation, renderPhase } from './render-operation.ts';

export interface OperationDisplay {
  listener: OperationListener;
  /** Leaves what was shown last. */
  close(): void;
}

/** The seconds of the phase that runs move on between events. */
const redrawMs = 200;
/** Where the terminal does not tell. */
const assumedColumns = 80;

/** A view that is drawn over itself, on a terminal. */
export function createLiveDisplay(out: WriteStream): OperationDisplay {
  let state: OperationState = initialOperationState;
  let drawn = 0;
  const draw = (): void => {
    // A line that the terminal wraps would be two to draw over.
    const width = (out.columns || assumedColumns) - 1;
    const lines = renderOperation(state, Date.now()).map((line) => line.slice(0, width));
    moveCursor(out, 0, -drawn);
    clearScreenDown(out);
    out.write(lines.map((line) => `${line}\n`).join(''));
    drawn = lines.length;
  };
  const timer = setInterval(draw, redrawMs);
  return {
    listener: listen(
      () => state,
      (next) => (state = next),
    ),
    close() {
      clearInterval(timer);
      draw();
    },
  };
}

/** A line for each thing that happens, for files and pipes. */
export function createPlainDisplay(write: (line: string) => void): OperationDisplay {
  let state: OperationState = initialOperationState;
  let told = '';
  // After a lost connection all phases are told again.
  const toldPhases = new Set<string>();
  const listener = listen(
    () => state,
    (next) => (state = next),
  );
  return {
    listener: {
      ...listener,
      operation(operation) {
        listener.operation(operation);
        const line = `${operation.kind} ${operation.status}${operation.overdue ? ', overdue' : ''}`;
        if (line !== told) write(line);
        told = line;
      },
      phase(phase) {
        listener.phase(phase);
        const key = JSON.stringify(phase);
        if (phase.endedAt != null && !toldPhases.has(key)) write(renderPhase(phase, 0));
        toldPhases.add(key);
      },
      resource(event) {
        listener.resource(event);
        if (event.status === 'failed') write(`  ${event.change} ${event.type} ${event.name}: failed`);
      },
      interrupted: (reason) => write(`  connection lost (${reason}), going on`),
    },
    close() {
      if (state.counts.size > 0) write(`  ${renderCounts(state.counts)}`);
    },
  };
}

function listen(read: () => OperationState, write: (state: OperationState) => void): OperationListener {
  return {
    operation: (operation) => write({ ...read(), operation }),
    phase: (phase) => write(withPhase(read(), phase)),
    resource: (event) => write(withResource(read(), event)),
    interrupted: () => undefined,
  };
}
