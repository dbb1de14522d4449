import { createHash } from 'node:crypto';
import { all, unsecret } from '@pulumi/pulumi';
import type { Input, Output } from '@pulumi/pulumi';

/**
 * Changes with what it is made of, so that an annotation rolls the pods then. Not secret itself: among its values must be one of 256 random
 * bits, of which no hash tells anything.
 */
export function checksum(...values: Input<unknown>[]): Output<string> {
  return unsecret(all(values).apply((plain) => createHash('sha256').update(JSON.stringify(plain)).digest('hex')));
}

/** The annotation that holds the checksum of a workload's configuration. */
export const configurationAnnotation = 'authsome.cloud/configuration';
