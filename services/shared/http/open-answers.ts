import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The answers of a server that have not ended, by connection and in the order of their requests. */
export interface OpenAnswers {
  add(socket: Duplex, res: ServerResponse): void;
  /** Call it when the answer has closed. */
  remove(socket: Duplex, res: ServerResponse): void;
  of(socket: Duplex): readonly ServerResponse[];
  all(): Iterable<ServerResponse>;
}

export function createOpenAnswers(): OpenAnswers {
  const bySocket = new Map<Duplex, Set<ServerResponse>>();

  return {
    add(socket, res) {
      let answers = bySocket.get(socket);
      if (!answers) {
        answers = new Set();
        bySocket.set(socket, answers);
        // An answer that waits behind another one is told nothing of its connection's end.
        socket.once('close', () => bySocket.delete(socket));
      }
      answers.add(res);
    },
    remove: (socket, res) => void bySocket.get(socket)?.delete(res),
    of: (socket) => [...(bySocket.get(socket) ?? [])],
    *all() {
      for (const answers of bySocket.values()) yield* answers;
    },
  };
}
