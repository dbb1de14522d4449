import { AsyncLocalStorage } from 'node:async_hooks';

/** The trace that the running code is part of. */
export interface TraceContext {
  traceId: string;
  /** W3C traceparent of the span: what is written for later carries the trace on with it. */
  traceParent: string;
}

const contexts = new AsyncLocalStorage<TraceContext>();

/** Runs work, and all that it begins, as part of a trace: its log lines name it. */
export const runInTrace = <T>(context: TraceContext, work: () => T): T => contexts.run(context, work);

/** Undefined where there are no traces, and outside of requests and jobs. */
export const currentTrace = (): TraceContext | undefined => contexts.getStore();
