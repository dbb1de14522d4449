import { output } from '@pulumi/pulumi';
import type { Output } from '@pulumi/pulumi';
import type { TenantProgramOutputs } from '../tenant-program/index.ts';
import { tenantOutputsSchema } from '../tenant-program/spec.ts';
import type { TenantOutputs } from '../tenant-program/spec.ts';

export interface CapturedProgram {
  program: () => Promise<TenantProgramOutputs>;
  /** The outputs of the finished run; throws where they are not what the schema says. */
  outputs: () => TenantOutputs;
}

/**
 * Wraps an inline program so that its outputs can be had from the run itself: the program runs in this process, and asking the
 * CLI for them afterwards would start it twice more, deriving the passphrase's key again.
 */
export function captureOutputs(program: () => Promise<TenantProgramOutputs>): CapturedProgram {
  let captured: unknown;
  return {
    program: async () => {
      const outputs = await program();
      const plain: Output<unknown> = output(outputs as Record<string, unknown>);
      plain.apply((values) => {
        captured = values;
      });
      return outputs;
    },
    outputs: () => tenantOutputsSchema.parse(captured),
  };
}
