import { z } from 'zod';
import { callApi } from './call-api.ts';

export { ControlApiError } from './call-api.ts';

const userSchema = z.object({ id: z.string(), email: z.string() });
const sessionSchema = z.object({ token: z.string(), user: userSchema });
const workspaceSchema = z.object({ id: z.string(), name: z.string(), plan: z.string(), role: z.string(), createdAt: z.string() });
export const applicationSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  slug: z.string(),
  environment: z.string(),
  region: z.string(),
  status: z.string(),
  url: z.string(),
  config: z.record(z.string(), z.unknown()),
  configuredSecrets: z.array(z.string()),
  databaseTier: z.string(),
  createdAt: z.string(),
  failure: z.object({ code: z.string(), message: z.string() }).loose().nullish(),
});
const createdApplicationSchema = applicationSchema.extend({ publicKey: z.string(), secretKey: z.string() });
const phaseSchema = z.object({ name: z.string(), startedAt: z.string(), endedAt: z.string().nullish() });
const operationSchema = z
  .object({ id: z.string(), kind: z.string(), status: z.string(), phase: z.string(), phases: z.array(phaseSchema) })
  .loose();

const createdKeySchema = z.object({ id: z.string(), key: z.string() }).loose();

const pageOf = <Item extends z.ZodType>(item: Item): z.ZodObject<{ data: z.ZodArray<Item>; total: z.ZodInt }> =>
  z.object({ data: z.array(item), total: z.int() });

export type Workspace = z.output<typeof workspaceSchema>;
export type Application = z.output<typeof applicationSchema>;
export type CreatedApplication = z.output<typeof createdApplicationSchema>;
export type Operation = z.output<typeof operationSchema>;

/** A client of the control API, checked on both sides: what comes back is parsed, what fails is a ControlApiError. */
export class ControlClient {
  readonly #base: string;
  readonly #token: string | undefined;

  /** @param baseUrl of the control API, without `/control/v1` */
  constructor(baseUrl: string, token?: string) {
    this.#base = `${baseUrl}/control/v1`;
    this.#token = token;
  }

  signUp(input: { email: string; password: string; name: string }): Promise<z.output<typeof sessionSchema>> {
    return this.#call('POST', '/auth/signup', sessionSchema, input);
  }

  login(input: { email: string; password: string }): Promise<z.output<typeof sessionSchema>> {
    return this.#call('POST', '/auth/login', sessionSchema, input);
  }

  async workspaces(): Promise<Workspace[]> {
    return (await this.#call('GET', '/workspaces?pageSize=100', pageOf(workspaceSchema))).data;
  }

  createWorkspace(name: string): Promise<Workspace> {
    return this.#call('POST', '/workspaces', workspaceSchema, { name });
  }

  async applications(workspaceId: string): Promise<Application[]> {
    return (await this.#call('GET', `/workspaces/${workspaceId}/applications?pageSize=100`, pageOf(applicationSchema))).data;
  }

  createApplication(
    workspaceId: string,
    input: { name: string; slug: string; environment: string; region?: string },
  ): Promise<CreatedApplication> {
    return this.#call('POST', `/workspaces/${workspaceId}/applications`, createdApplicationSchema, input);
  }

  application(id: string): Promise<Application> {
    return this.#call('GET', `/applications/${id}`, applicationSchema);
  }

  /** @param change the name, a JSON merge patch of the configuration, or both */
  updateApplication(id: string, change: { name?: string; config?: unknown }): Promise<Application> {
    return this.#call('PATCH', `/applications/${id}`, applicationSchema, change);
  }

  async operations(id: string): Promise<Operation[]> {
    return (await this.#call('GET', `/applications/${id}/operations`, pageOf(operationSchema))).data;
  }

  deleteApplication(id: string): Promise<Application> {
    return this.#call('DELETE', `/applications/${id}`, applicationSchema);
  }

  createKey(applicationId: string, input: { name: string; type: 'public' | 'secret' }): Promise<{ id: string; key: string }> {
    return this.#call('POST', `/applications/${applicationId}/keys`, createdKeySchema, input);
  }

  async revokeKey(id: string): Promise<void> {
    await this.#call('DELETE', `/keys/${id}`, z.undefined());
  }

  #call<Schema extends z.ZodType>(method: string, path: string, schema: Schema, body?: unknown): Promise<z.output<Schema>> {
    return callApi({ method, url: `${this.#base}${path}`, token: this.#token, body }, schema);
  }
}
