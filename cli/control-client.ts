import { z } from 'zod';
import { callApi, ControlApiError, send } from './call-api.ts';

export { ControlApiError } from './call-api.ts';

const userSchema = z.object({ id: z.string(), email: z.string() });
const sessionSchema = z.object({ token: z.string(), user: userSchema });
const workspaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.string(),
  role: z.string(),
  createdAt: z.string(),
  destroyAfter: z.string().nullable(),
});
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
  suspensions: z.array(z.string()),
  destroyAfter: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).loose().nullish(),
});
const createdApplicationSchema = applicationSchema.extend({ publicKey: z.string(), secretKey: z.string() });
/** With the operation that was begun, if one was needed. */
const commandedSchema = applicationSchema.extend({ operationId: z.string().nullable() });
export const phaseSchema = z.object({ name: z.string(), startedAt: z.string(), endedAt: z.string().nullish() });
export const operationSchema = z
  .object({
    id: z.string(),
    kind: z.string(),
    status: z.string(),
    phase: z.string(),
    phases: z.array(phaseSchema),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string().nullable() }).nullable(),
    createdAt: z.string(),
    finishedAt: z.string().nullable(),
    overdue: z.boolean(),
    attempts: z.array(z.object({ id: z.string(), status: z.string() }).loose()),
  })
  .loose();

const createdKeySchema = z.object({ id: z.string(), key: z.string() }).loose();

export const pageOf = <Item extends z.ZodType>(item: Item): z.ZodObject<{ data: z.ZodArray<Item>; total: z.ZodInt }> =>
  z.object({ data: z.array(item), total: z.int() });

export type Workspace = z.output<typeof workspaceSchema>;
export type Application = z.output<typeof applicationSchema>;
export type CreatedApplication = z.output<typeof createdApplicationSchema>;
export type Commanded = z.output<typeof commandedSchema>;
export type Operation = z.output<typeof operationSchema>;

/** Where a client gets its bearer token, if it has to be renewed now and then. */
export interface TokenSource {
  current(): Promise<string>;
  /** Called once for a call that was refused with 401. @param refused the token that was refused */
  renew(refused: string): Promise<string>;
}

/** A client of the control API, checked on both sides: each answer is parsed, each refusal is a ControlApiError. */
export class ControlClient {
  readonly #base: string;
  readonly #token: string | TokenSource | undefined;

  /** @param baseUrl of the control API, without `/control/v1` */
  constructor(baseUrl: string, token?: string | TokenSource) {
    this.#base = `${baseUrl}/control/v1`;
    this.#token = token;
  }

  signUp(input: { email: string; password: string; name: string }): Promise<z.output<typeof sessionSchema>> {
    return this.#call('POST', '/auth/signup', sessionSchema, input);
  }

  login(input: { email: string; password: string }): Promise<z.output<typeof sessionSchema>> {
    return this.#call('POST', '/auth/login', sessionSchema, input);
  }

  /** @param filter deleted: those that are, and can be restored, instead */
  async workspaces({ deleted = false }: { deleted?: boolean } = {}): Promise<Workspace[]> {
    return (await this.#call('GET', `/workspaces?pageSize=100&deleted=${deleted}`, pageOf(workspaceSchema))).data;
  }

  async deleteWorkspace(id: string): Promise<void> {
    await this.#call('DELETE', `/workspaces/${encodeURIComponent(id)}`, z.undefined());
  }

  restoreWorkspace(id: string): Promise<Workspace> {
    return this.#call('POST', `/workspaces/${encodeURIComponent(id)}/restore`, workspaceSchema);
  }

  createWorkspace(name: string): Promise<Workspace> {
    return this.#call('POST', '/workspaces', workspaceSchema, { name });
  }

  async applications(workspaceId: string): Promise<Application[]> {
    return (await this.#call('GET', `/workspaces/${encodeURIComponent(workspaceId)}/applications?pageSize=100`, pageOf(applicationSchema)))
      .data;
  }

  createApplication(
    workspaceId: string,
    input: { name: string; slug: string; environment: string; region?: string },
  ): Promise<CreatedApplication> {
    return this.#call('POST', `/workspaces/${encodeURIComponent(workspaceId)}/applications`, createdApplicationSchema, input);
  }

  application(id: string): Promise<Application> {
    return this.#call('GET', `/applications/${encodeURIComponent(id)}`, applicationSchema);
  }

  /** @param change the name, a JSON merge patch of the configuration, or both */
  updateApplication(id: string, change: { name?: string; config?: unknown }): Promise<Application> {
    return this.#call('PATCH', `/applications/${encodeURIComponent(id)}`, applicationSchema, change);
  }

  /** The newest first. */
  async operations(id: string, { limit = 20 }: { limit?: number } = {}): Promise<Operation[]> {
    return (await this.#call('GET', `/applications/${encodeURIComponent(id)}/operations?pageSize=${limit}`, pageOf(operationSchema))).data;
  }

  operation(applicationId: string, operationId: string): Promise<Operation> {
    return this.#call(
      'GET',
      `/applications/${encodeURIComponent(applicationId)}/operations/${encodeURIComponent(operationId)}`,
      operationSchema,
    );
  }

  cancelOperation(applicationId: string, operationId: string): Promise<Operation> {
    return this.#call(
      'DELETE',
      `/applications/${encodeURIComponent(applicationId)}/operations/${encodeURIComponent(operationId)}`,
      operationSchema,
    );
  }

  /**
   * Opens the stream of an operation's events.
   *
   * @param options lastEventId: the one after which to go on
   * @throws ControlApiError where it is refused
   */
  async operationEvents(
    applicationId: string,
    operationId: string,
    { lastEventId, signal }: { lastEventId?: string | undefined; signal: AbortSignal },
  ): Promise<Response> {
    const url = `${this.#base}/applications/${encodeURIComponent(applicationId)}/operations/${encodeURIComponent(operationId)}/events`;
    return this.#withToken((token) => {
      const headers = {
        accept: 'text/event-stream',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      };
      return send({ method: 'GET', url }, { headers, signal });
    });
  }

  /** restart, suspend, resume or restore. */
  command(id: string, name: 'restart' | 'suspend' | 'resume' | 'restore'): Promise<Commanded> {
    return this.#call('POST', `/applications/${encodeURIComponent(id)}/${name}`, commandedSchema);
  }

  /** Deletes it for a grace period, in which it can be restored. */
  deleteApplication(id: string): Promise<Commanded> {
    return this.#call('DELETE', `/applications/${encodeURIComponent(id)}`, commandedSchema);
  }

  /** Removes it with all its data. There is no way back. */
  destroyApplication(id: string): Promise<Commanded> {
    return this.#call('DELETE', `/applications/${encodeURIComponent(id)}?permanent=true`, commandedSchema);
  }

  createKey(applicationId: string, input: { name: string; type: 'public' | 'secret' }): Promise<{ id: string; key: string }> {
    return this.#call('POST', `/applications/${encodeURIComponent(applicationId)}/keys`, createdKeySchema, input);
  }

  async revokeKey(id: string): Promise<void> {
    await this.#call('DELETE', `/keys/${encodeURIComponent(id)}`, z.undefined());
  }

  #call<Schema extends z.ZodType>(method: string, path: string, schema: Schema, body?: unknown): Promise<z.output<Schema>> {
    return this.#withToken((token) => callApi({ method, url: `${this.#base}${path}`, token, body }, schema));
  }

  /** A token that can be renewed is, once, if the API refuses it: it has expired, or its session was ended. */
  async #withToken<Result>(call: (token: string | undefined) => Promise<Result>): Promise<Result> {
    const source = this.#token;
    if (source === undefined || typeof source === 'string') return call(source);
    const token = await source.current();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof ControlApiError && error.status === 401)) throw error;
      return call(await source.renew(token));
    }
  }
}
