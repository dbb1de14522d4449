import { randomBytes } from 'node:crypto';
import { waitUntilActive, waitUntilDeleted } from '../../cli/application-readiness.ts';
import type { CreatedApplication } from '../../cli/control-client.ts';
import { ControlClient } from '../../cli/control-client.ts';
import { createKubectl } from '../../cli/probe/cluster.ts';

/** Base URLs and tools of the platform that the tests speak to; `authsome test acceptance` sets them. */
export const platform = {
  controlUrl: required('ACCEPTANCE_CONTROL_URL'),
  customerUrl: required('ACCEPTANCE_CUSTOMER_URL'),
};

export interface Owner {
  client: ControlClient;
  workspaceId: string;
}

/** A new owner with a workspace of their own. */
export async function newOwner(): Promise<Owner> {
  const email = `owner-${unique()}@example.com`;
  const { token } = await new ControlClient(platform.controlUrl).signUp({
    email,
    password: randomBytes(18).toString('base64url'),
    name: 'Acceptance',
  });
  const client = new ControlClient(platform.controlUrl, token);
  return { client, workspaceId: (await client.createWorkspace('Acceptance')).id };
}

/** An active application; the caller deletes it. */
export async function newApplication({ client, workspaceId }: Owner): Promise<CreatedApplication> {
  const created = await client.createApplication(workspaceId, {
    name: 'Acceptance',
    slug: `acceptance-${unique()}`,
    environment: 'development',
  });
  await waitUntilActive(client, created.id, () => undefined);
  return created;
}

/** For good: nothing of a test's stays for a grace period. */
export async function deleteApplication({ client }: Owner, id: string): Promise<void> {
  await client.destroyApplication(id);
  await waitUntilDeleted(client, id);
}

export interface CustomerCall {
  method?: string;
  key?: string;
  sessionToken?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Calls the customer API of an application, as a customer's own program would. */
export async function callApplication(
  appId: string,
  path: string,
  call: CustomerCall = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(`${platform.customerUrl}/v1/${appId}${path}`, {
    method: call.method ?? (call.body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(call.key === undefined ? {} : { authorization: `Bearer ${call.key}` }),
      ...(call.sessionToken === undefined ? {} : { 'x-session-token': call.sessionToken }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** Runs kubectl and returns its answer; exit codes other than 0 are part of the answer. */
export const kubectl = createKubectl({ program: required('ACCEPTANCE_KUBECTL'), kubeconfig: required('KUBECONFIG') });

export function unique(): string {
  return randomBytes(5).toString('hex');
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the acceptance tests with ./authsome test acceptance`);
  return value;
}
