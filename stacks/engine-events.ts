import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import type { ChangeCounts, OperationProgress } from './operation-protocol.ts';

export interface EventReader {
  onEvent: (event: EngineEvent) => void;
  /** Counts of the last finished run. */
  counts: () => ChangeCounts;
}

/** Turns the engine's events into progress and diagnostics. Resources that stay as they are make no noise. */
export function createEventReader(sinks: {
  onProgress: (progress: OperationProgress) => void;
  onDiagnostic: (message: string) => void;
}): EventReader {
  let counts: ChangeCounts = {};

  const report = (metadata: ResourceMetadata, status: 'started' | 'done' | 'failed'): void => {
    if (metadata.op === 'same' || metadata.type.startsWith('pulumi:')) return;
    sinks.onProgress({ type: 'resource', op: metadata.op, resourceType: metadata.type, name: resourceName(metadata.urn), status });
  };

  return {
    counts: () => counts,
    onEvent: (event) => {
      if (event.resourcePreEvent) report(event.resourcePreEvent.metadata, 'started');
      if (event.resOutputsEvent) report(event.resOutputsEvent.metadata, 'done');
      if (event.resOpFailedEvent) report(event.resOpFailedEvent.metadata, 'failed');
      if (event.diagnosticEvent?.severity === 'error') sinks.onDiagnostic(plainText(event.diagnosticEvent));
      if (event.summaryEvent) counts = { ...event.summaryEvent.resourceChanges };
    },
  };
}

interface ResourceMetadata {
  op: string;
  urn: string;
  type: string;
}

function resourceName(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

/** The engine marks colours as `<{%reset%}>`. */
function plainText({ urn, message }: { urn?: string; message: string }): string {
  const text = message.replaceAll(/<\{%[^%]*%\}>/g, '').trim();
  return urn ? `${resourceName(urn)}: ${text}` : text;
}
