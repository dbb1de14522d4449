import grpc from '@grpc/grpc-js';

/**
 * Starts a plugin's gRPC server on a free loopback port and prints the port, which is how the engine finds it. Exits when the
 * engine's end of standard input is closed, or on SIGTERM or SIGINT that the engine sends; never leaves an orphan listening.
 */
export async function servePlugin(service: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation): Promise<void> {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': maxMessageBytes, 'grpc.max_send_message_length': maxMessageBytes });
  server.addService(service, withUnimplemented(service, implementation));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  process.stdout.write(`${port}\n`);
  exitWithParent(process.ppid);
}

/** The engine's own limit (sdk/go/common/util/rpcutil): 400 MB. */
const maxMessageBytes = 400 * 1024 * 1024;

function withUnimplemented(
  service: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): grpc.UntypedServiceImplementation {
  const missing = Object.keys(service).filter((method) => !(method in implementation));
  return { ...implementation, ...Object.fromEntries(missing.map((method) => [method, unimplemented(method, service[method])])) };
}

function unimplemented(method: string, definition: grpc.MethodDefinition<unknown, unknown> | undefined): grpc.UntypedHandleCall {
  const error = { code: grpc.status.UNIMPLEMENTED, details: `${method} is not implemented` };
  if (definition?.responseStream) return (call: grpc.ServerWritableStream<unknown, unknown>) => void call.emit('error', error);
  return (_call: unknown, callback: grpc.sendUnaryData<unknown>) => callback(error);
}

/** An engine that was killed can't stop its plugins. The parent's id changes when it dies; once a second is soon enough. */
function exitWithParent(parent: number): void {
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 1_000).unref();
}
