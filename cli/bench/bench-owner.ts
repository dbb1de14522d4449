import { randomBytes } from 'node:crypto';
import { ControlClient } from '../control-client.ts';

/** Signs up a new owner, so that a measurement neither touches what others have nor uses up their places. */
export async function signUpBenchOwner(controlUrl: string): Promise<ControlClient> {
  const owner = { email: `bench-${randomBytes(6).toString('hex')}@example.com`, password: randomBytes(18).toString('base64url') };
  const { token } = await new ControlClient(controlUrl).signUp({ ...owner, name: 'Bench' });
  return new ControlClient(controlUrl, token);
}
