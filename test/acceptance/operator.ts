import { OperatorClient } from '../../cli/operator-client.ts';
import { kubectl, platform } from './platform-under-test.ts';

export const systemNamespace = 'authsome-system';

/** The platform's operator, who may read the control API's Secret. */
export async function operator(): Promise<OperatorClient> {
  const token = ['get', 'secret', 'control-api', '--namespace', systemNamespace, '--output', 'jsonpath={.data.OPERATOR_TOKEN}'];
  const { stdout } = await kubectl(token);
  return new OperatorClient(platform.controlUrl, Buffer.from(stdout, 'base64').toString('utf8'));
}
