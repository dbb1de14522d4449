import { secret } from '@pulumi/pulumi';
import type { Output, Resource } from '@pulumi/pulumi';
import * as random from '@pulumi/random';

/** 256 bits: as much as the hashes and keys that it is compared with or made into. */
const secretBytes = 32;

/**
 * A secret of 64 hexadecimal digits, made once and kept: nothing to escape in a URL or a configuration file. Not a RandomPassword:
 * that computes a bcrypt hash as well, which nobody needs and which takes a tenth of a second each on the way to ready.
 */
export function generatedSecret(name: string, parent: Resource): Output<string> {
  return secret(new random.RandomBytes(name, { length: secretBytes }, { parent }).hex);
}
