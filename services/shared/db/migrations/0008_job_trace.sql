-- The trace of the request that wrote the job (W3C traceparent), which the attempts at it go on with. Null where none was recorded.
alter table jobs add column trace_parent text check (length(trace_parent) <= 64);
