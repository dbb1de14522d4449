import type { ApplicationView } from '../../services/control-api/presenters/present-application.ts';
import type { Answer, OwnerClient } from './owner-client.ts';

/** What POST …/applications answers. */
export type CreatedApplicationView = ApplicationView & { publicKey: string; secretKey: string };

/** What a command on an application answers. */
export type Commanded = ApplicationView & { operationId: string | null };

export const validApplication = { name: 'Web shop', slug: 'web-shop', environment: 'production', region: 'us-east-1' };

export async function createWorkspace(owner: OwnerClient): Promise<string> {
  const { status, body } = await owner.post<{ id: string }>('/control/v1/workspaces', { name: 'Acme' });
  if (status !== 201) throw new Error(`creating a workspace answered ${status}`);
  return body.id;
}

/** Creates an application in a workspace; `change` replaces fields of a valid body. */
export async function createApplication(
  owner: OwnerClient,
  workspaceId: string,
  change: Record<string, unknown> = {},
): Promise<Answer<CreatedApplicationView>> {
  return owner.post(`/control/v1/workspaces/${workspaceId}/applications`, { ...validApplication, ...change });
}
