import type { Account } from '../stores/account-store.ts';

export interface AccountView {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
  createdAt: string;
}

export function presentAccount({ id, name, email, emailVerified, createdAt }: Account): AccountView {
  return { id, name, email, emailVerified, createdAt: createdAt.toISOString() };
}
