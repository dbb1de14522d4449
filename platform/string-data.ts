import type * as pulumi from '@pulumi/pulumi';

/**
 * What a Secret holds, or nothing: an empty map is not in what the API server answers, so that each run that looks at the objects first would take it for a change.
 */
export function stringData(values: Record<string, pulumi.Input<string>> | undefined): Record<string, pulumi.Input<string>> | undefined {
  return values === undefined || Object.keys(values).length === 0 ? undefined : { ...values };
}
