import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { LogEvent } from 'kysely';
import { z } from 'zod';
import type { Log } from './log.ts';
import { runInTrace } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';

/** The variables of traces, by OpenTelemetry's own names. */
export const tracingConfig = {
  /** Where traces go (OTLP over HTTP). Without it there are none, and nothing of OpenTelemetry is loaded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Part of the traces begun here that is recorded. A trace that was begun before keeps its choice. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

/** A request being served. */
export interface RequestSpan {
  /** Names the span once the route is known, and ends it. */
  end(answer: { route?: string | undefined; status: number; attributes?: Attributes }): void;
}

/** Work that no request waits for, such as an attempt at a job. */
export interface WorkSpan {
  /** Adds the parts of the work, and ends the span. */
  end(result: { failed: boolean; attributes?: Attributes; parts?: readonly { name: string; startedAt: Date; endedAt: Date }[] }): void;
}

export interface Tracing {
  /** Runs the work of a request in a span, which continues the caller's trace. The span is undefined where there are no traces. */
  serve<T>(request: { method: string; headers: IncomingHttpHeaders }, work: (span: RequestSpan | undefined) => Promise<T>): Promise<T>;
  /** Runs a request to another service in a span; the headers it gets carry the trace on. */
  call<T>(request: { name: string; headers: OutgoingHttpHeaders }, work: (headers: OutgoingHttpHeaders) => Promise<T>): Promise<T>;
  /** Runs work that an earlier request asked for in a span of that one's trace; of a trace of its own where it has none. */
  run<T>(
    work: { name: string; traceParent: string | null; startedAt: Date; attributes: Attributes },
    run: (span: WorkSpan | undefined) => Promise<T>,
  ): Promise<T>;
  /** Kysely's log: each statement of a request is a span, with its text and without its parameters. */
  onQuery: ((event: LogEvent) => void) | undefined;
  /** Sends what is recorded, for at most some seconds. */
  shutDown(): Promise<void>;
}

interface StartTracingOptions {
  serviceName: string;
  config: { OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined; OTEL_TRACES_SAMPLER_ARG: number };
  attributes?: Attributes;
  /** At the edge: a caller's trace is continued, but whether it is recorded we choose ourselves. */
  untrustedCallers?: boolean;
  log: Log;
}

export const noTracing: Tracing = {
  serve: (_request, work) => work(undefined),
  call: ({ headers }, work) => work(headers),
  run: (_work, run) => run(undefined),
  onQuery: undefined,
  shutDown: () => Promise.resolve(),
};

/** About 1 KiB each: what comes beyond is dropped, a collector that is away must not cost memory. */
const maxQueuedSpans = 2_048;
const exportTimeoutMs = 3_000;
const maxStatementLength = 2_000;

/** Starts traces where an endpoint is set. */
export async function startTracing({ serviceName, config, attributes, untrustedCallers, log }: StartTracingOptions): Promise<Tracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (endpoint === undefined) return noTracing;
  const [api, sdk, otlp, { W3CTraceContextPropagator }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
  ]);
  const { SpanKind, SpanStatusCode, ROOT_CONTEXT, trace } = api;
  const sample = new sdk.TraceIdRatioBasedSampler(ratio);
  const exporter = new otlp.OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: exportTimeoutMs });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, ...attributes }),
    sampler: new sdk.ParentBasedSampler({
      root: sample,
      ...(untrustedCallers === true ? { remoteParentSampled: sample, remoteParentNotSampled: sample } : {}),
    }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(reportingOutages(exporter, log), { maxQueueSize: maxQueuedSpans, exportTimeoutMillis: exportTimeoutMs }),
    ],
  });
  const tracer = provider.getTracer('authsome');
  const propagator = new W3CTraceContextPropagator();
  // The program is one bundled file, so OpenTelemetry's instrumentation, which hooks into loading, sees nothing: spans are made by hand.
  const active = new AsyncLocalStorage<Context>();

  function fail(span: Span, err: unknown): void {
    span.setStatus({ code: SpanStatusCode.ERROR, ...(err instanceof Error ? { message: err.name } : {}) });
  }

  function contextOf(span: Span): TraceContext {
    const carrier: { traceparent?: string } = {};
    propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, api.defaultTextMapSetter);
    return { traceId: span.spanContext().traceId, traceParent: carrier.traceparent ?? '' };
  }

  return {
    async serve({ method, headers }, work) {
      const parent = propagator.extract(ROOT_CONTEXT, headers, api.defaultTextMapGetter);
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent);
      try {
        const answer = {
          end: ({ route, status, attributes: more = {} }) => {
            if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
            span.setAttributes({ 'http.response.status_code': status, ...more });
            if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
            span.end();
          },
        } satisfies RequestSpan;
        return await runInTrace(contextOf(span), () => active.run(trace.setSpan(parent, span), work, answer));
      } catch (err) {
        fail(span, err);
        span.end();
        throw err;
      }
    },

    async run({ name, traceParent, startedAt, attributes: facts }, run) {
      const carried = traceParent === null ? {} : { traceparent: traceParent };
      const parent = propagator.extract(ROOT_CONTEXT, carried, api.defaultTextMapGetter);
      const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, startTime: startedAt, attributes: facts }, parent);
      const context = trace.setSpan(parent, span);
      try {
        const result = {
          end: ({ failed, attributes: more = {}, parts = [] }) => {
            for (const part of parts) tracer.startSpan(part.name, { startTime: part.startedAt }, context).end(part.endedAt);
            span.setAttributes(more);
            if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
            span.end();
          },
        } satisfies WorkSpan;
        return await runInTrace(contextOf(span), () => run(result));
      } catch (err) {
        fail(span, err);
        span.end();
        throw err;
      }
    },

    async call({ name, headers }, work) {
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT }, active.getStore() ?? ROOT_CONTEXT);
      const carried = { ...headers };
      const context = trace.setSpan(ROOT_CONTEXT, span);
      propagator.inject(context, carried, api.defaultTextMapSetter);
      try {
        return await active.run(context, work, carried);
      } catch (err) {
        fail(span, err);
        throw err;
      } finally {
        span.end();
      }
    },

    onQuery: (event) => {
      const parent = active.getStore();
      // Outside of requests, as in a migration, there is no trace to be part of.
      if (parent === undefined) return;
      const { sql } = event.query;
      const endTime = Date.now();
      const span = tracer.startSpan(
        sql.split(/\s/, 1)[0] ?? 'query',
        {
          kind: SpanKind.CLIENT,
          startTime: endTime - event.queryDurationMillis,
          attributes: { 'db.system.name': 'postgresql', 'db.query.text': sql.slice(0, maxStatementLength) },
        },
        parent,
      );
      if (event.level === 'error') fail(span, event.error);
      span.end(endTime);
    },

    // A collector that is away has been logged, and is no fault of the shutdown.
    shutDown: () => provider.shutdown().catch(() => undefined),
  };
}

/** OpenTelemetry drops what it can't send, silently. */
function reportingOutages(exporter: OTLPTraceExporter, log: Log): OTLPTraceExporter {
  let down = false;
  const send = exporter.export.bind(exporter);
  exporter.export = (spans, onResult) =>
    send(spans, (result) => {
      const failed = result.error !== undefined;
      if (failed && !down) log.warn({ err: result.error }, 'Traces can not be sent');
      if (!failed && down) log.info('Traces are sent again');
      down = failed;
      onResult(result);
    });
  return exporter;
}
