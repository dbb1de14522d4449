import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import type { DriftChange } from './operation-protocol.ts';

export interface DriftReader {
  onEvent: (event: EngineEvent) => void;
  /** What an `up` would change, in the order in which the engine came to it. */
  changes: () => DriftChange[];
}

type StepMetadata = NonNullable<EngineEvent['resourcePreEvent']>['metadata'];

/** Steps that change nothing, and the halves of a replacement that are told beside its whole. */
const quietSteps = ['same', 'read', 'refresh', 'discard', 'remove-pending-replace', 'create-replacement', 'delete-replaced'];

/**
 * Reads from the events of a preview which resources are not as their stack's program wants them. Names of fields
 * only: their values may be secret.
 */
export function createDriftReader(): DriftReader {
  const changes = new Map<string, DriftChange>();
  return {
    changes: () => [...changes.values()],
    onEvent: ({ resourcePreEvent: step }) => {
      if (!step?.planning || quietSteps.includes(step.metadata.op) || step.metadata.type.startsWith('pulumi:')) return;
      const { urn, type, op } = step.metadata;
      changes.set(urn, {
        change: op,
        resourceType: type,
        resourceName: urn.slice(urn.lastIndexOf('::') + 2),
        fields: fieldsOf(step.metadata),
      });
    },
  };
}

/**
 * What of the differences between the real resources and the program is not between the state and the program already: that part is a newer
 * program's, to come at the next `up`.
 */
export function madeBehindItsBack(differences: readonly DriftChange[], toCome: readonly DriftChange[]): DriftChange[] {
  return differences.flatMap((difference) => {
    const same = toCome.find(
      ({ change, resourceType, resourceName }) =>
        change === difference.change && resourceType === difference.resourceType && resourceName === difference.resourceName,
    );
    if (same === undefined) return [difference];
    const fields = difference.fields.filter((field) => !same.fields.includes(field));
    return fields.length === 0 ? [] : [{ ...difference, fields }];
  });
}

/** Where the provider says no paths, the top-level names that it does say. */
function fieldsOf({ detailedDiff, diffs, keys }: StepMetadata): string[] {
  const paths = Object.keys(detailedDiff ?? {});
  return [...new Set(paths.length > 0 ? paths : [...(diffs ?? []), ...(keys ?? [])])].toSorted();
}
