import type { OwnInvitation, StoredInvitation } from '../organizations/invitations.ts';
import type { StoredMember } from '../organizations/members.ts';
import type { StoredOrganization } from '../organizations/organization-access.ts';

export function presentOrganization({ id, name, slug, logo, createdAt }: StoredOrganization) {
  return { id, name, slug, logo, createdAt: createdAt.toISOString() };
}

/** For the application's backend, whose metadata it is. */
export function presentFullOrganization(organization: StoredOrganization) {
  const metadata = JSON.parse(organization.metadata ?? '{}') as Record<string, unknown>;
  return { ...presentOrganization(organization), metadata };
}

export function presentMember({ id, organizationId, userId, role, createdAt, email, name, image }: StoredMember) {
  return { id, organizationId, role, createdAt: createdAt.toISOString(), user: { id: userId, email, name, image } };
}

export function presentInvitation({ id, organizationId, email, role, expiresAt, createdAt, inviterId }: StoredInvitation) {
  return { id, organizationId, email, role, expiresAt: expiresAt.toISOString(), createdAt: createdAt.toISOString(), inviterId };
}

export function presentOwnInvitation(invitation: OwnInvitation) {
  return { ...presentInvitation(invitation), organizationName: invitation.organizationName };
}
