import grpc from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpcPb from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import { checkConfig, decodeConfig } from './provider-config.ts';
import { checkProperties, diffProperties, withDefaults } from './property-schema.ts';
import type { CheckFailure, PropertyDifference } from './property-schema.ts';
import type { OperationContext, ProviderDefinition, ResourceType, State } from './resource-provider.ts';
import { servePlugin } from './serve-plugin.ts';
import { decodeProperties, encodeProperties, isUnknown, unknown } from './wire-values.ts';
import type { Properties } from './wire-values.ts';

/** Used when the engine names no timeout (`customTimeouts`): 2 minutes. */
const defaultTimeoutMs = 120_000;

/** Serves a plugin's resource types over the engine's provider protocol until the engine goes away. */
export async function serveProvider<Config>(definition: ProviderDefinition<Config>): Promise<void> {
  await servePlugin(providerGrpcPb.ResourceProviderService, createProviderService(definition));
}

/** The protocol's methods over a plugin's resource types. Exported for tests. */
export function createProviderService<Config>(definition: ProviderDefinition<Config>): grpc.UntypedServiceImplementation {
  const cancelled = new AbortController();
  let config: Config | undefined;

  const configured = (): Config => {
    if (config === undefined) throw new Error(`the ${definition.name} plugin was used before it was configured`);
    return config;
  };

  return {
    getPluginInfo: unary(() => new pluginPb.PluginInfo().setVersion(definition.version)),
    getSchema: unary(() =>
      new providerPb.GetSchemaResponse().setSchema(JSON.stringify({ name: definition.name, version: definition.version })),
    ),
    handshake: unary(() => new providerPb.ProviderHandshakeResponse().setAcceptSecrets(true)),
    attach: unary(() => new emptyPb.Empty()),
    cancel: unary(() => {
      cancelled.abort(new Error('cancelled by the engine'));
      return new emptyPb.Empty();
    }),

    checkConfig: unary((request: providerPb.CheckRequest) => {
      const { properties, secrets } = decodeProperties(request.getNews());
      return checkResponse(properties, secrets, checkConfig(definition.configInputs, properties));
    }),
    diffConfig: unary((request: providerPb.DiffRequest) => {
      const olds = decodeConfig(definition.configInputs, decodeProperties(request.getOlds()).properties);
      const news = decodeConfig(definition.configInputs, decodeProperties(request.getNews()).properties);
      return diffResponse(diffProperties(definition.configInputs, olds, news), false);
    }),
    configure: unary((request: providerPb.ConfigureRequest) => {
      const inputs = decodeConfig(definition.configInputs, decodeProperties(request.getArgs()).properties);
      // In a preview the server's address may come from a resource that does not exist yet; nothing is asked of the server then.
      if (!isUnknown(inputs)) config = definition.configure(inputs);
      return new providerPb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    check: unary((request: providerPb.CheckRequest) => {
      const type = resourceType(definition, request.getUrn());
      const { properties, secrets } = decodeProperties(request.getNews());
      const failures = checkProperties(type.inputs, properties);
      const rules = failures.length === 0 ? (type.checkRules?.(withDefaults(type.inputs, properties)) ?? []) : [];
      return checkResponse(properties, secrets, [...failures, ...rules]);
    }),
    diff: unary((request: providerPb.DiffRequest) => {
      const type = resourceType(definition, request.getUrn());
      const olds = decodeProperties(request.getOlds()).properties;
      const news = decodeProperties(request.getNews()).properties;
      const ignored = new Set(request.getIgnorechangesList());
      const differences = diffProperties(type.inputs, olds, news).filter(({ property }) => !ignored.has(property));
      const moved = type.identity === undefined || differences.some(({ property }) => type.identity?.includes(property));
      return diffResponse(differences, !moved);
    }),
    create: unary(async (request: providerPb.CreateRequest) => {
      const type = resourceType(definition, request.getUrn());
      const { properties, secrets } = decodeProperties(request.getProperties());
      const inputs = withDefaults(type.inputs, properties);
      if (request.getPreview()) return new providerPb.CreateResponse().setProperties(encode(type, previewState(type, inputs), secrets));
      const { id, state } = await type.create(configured(), inputs, operation(request.getTimeout(), cancelled.signal));
      return new providerPb.CreateResponse().setId(id).setProperties(encode(type, state, secrets));
    }),
    read: unary(async (request: providerPb.ReadRequest) => {
      const type = resourceType(definition, request.getUrn());
      const { properties, secrets } = decodeProperties(request.getProperties());
      // Of what is imported there is no state.
      const imported = Object.keys(properties).length === 0 ? type.importId?.(request.getId()) : undefined;
      const { id, state: known } = imported ?? { id: request.getId(), state: properties };
      const state = await type.read(configured(), id, known, operation(request.getTimeout(), cancelled.signal));
      if (!state) return new providerPb.ReadResponse().setId('');
      const inputs = Object.fromEntries(Object.entries(state).filter(([name]) => type.inputs[name]));
      return new providerPb.ReadResponse()
        .setId(id)
        .setProperties(encode(type, state, secrets))
        .setInputs(request.getInputs()?.getFieldsMap().getLength() ? request.getInputs() : encode(type, inputs, secrets));
    }),
    update: unary(async (request: providerPb.UpdateRequest) => {
      const type = resourceType(definition, request.getUrn());
      const olds = decodeProperties(request.getOlds()).properties;
      const { properties, secrets } = decodeProperties(request.getNews());
      const news = withDefaults(type.inputs, properties);
      if (!type.update) throw new Error(`${type.token} can only be replaced`);
      const state = request.getPreview()
        ? { ...olds, ...news }
        : await type.update(configured(), request.getId(), olds, news, operation(request.getTimeout(), cancelled.signal));
      return new providerPb.UpdateResponse().setProperties(encode(type, state, secrets));
    }),
    delete: unary(async (request: providerPb.DeleteRequest) => {
      const type = resourceType(definition, request.getUrn());
      const { properties } = decodeProperties(request.getProperties());
      await type.delete(configured(), request.getId(), properties, operation(request.getTimeout(), cancelled.signal));
      return new emptyPb.Empty();
    }),
  };
}

function unary<Request, Response>(handle: (request: Request) => Response | Promise<Response>): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
      );
  };
}

function resourceType<Config>(definition: ProviderDefinition<Config>, urn: string): ResourceType<Config> {
  const token = urn.split('::')[2]?.split('$').at(-1);
  const type = definition.resources.find((candidate) => candidate.token === token);
  if (type) return type;
  const known = definition.resources.map((candidate) => candidate.token).join(', ');
  throw new Error(`this air-gapped ${definition.name} plugin has no ${token}; it has ${known}. The official plugin has all of them.`);
}

function checkResponse(inputs: Properties, secrets: Set<string>, failures: CheckFailure[]): providerPb.CheckResponse {
  const response = new providerPb.CheckResponse().setInputs(encodeProperties(inputs, secrets));
  // The engine prints the value of a property that a failure names, so a failure of a secret names none.
  response.setFailuresList(
    failures.map(({ property, reason }) =>
      secrets.has(topLevel(property))
        ? new providerPb.CheckFailure().setReason(`${property} ${reason}`)
        : new providerPb.CheckFailure().setProperty(property).setReason(reason),
    ),
  );
  return response;
}

/** `rules` of `rules[0].action`. */
function topLevel(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}

function diffResponse(differences: PropertyDifference[], deleteFirst: boolean): providerPb.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = providerPb.DiffResponse.DiffChanges;
  const replaces = differences.filter((difference) => difference.replaces).map(({ property }) => property);
  return new providerPb.DiffResponse()
    .setChanges(differences.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList(differences.map(({ property }) => property))
    .setReplacesList(replaces)
    .setDeletebeforereplace(replaces.length > 0 && deleteFirst);
}

/** Secret are the properties that the schema says, and those that were made from a secret input. */
function encode<Config>(type: ResourceType<Config>, state: State, inputSecrets: Set<string>): ReturnType<typeof encodeProperties> {
  const all = { ...type.inputs, ...type.outputs };
  return encodeProperties(state, [...inputSecrets, ...Object.keys(all).filter((name) => all[name]?.secret)]);
}

function previewState<Config>(type: ResourceType<Config>, inputs: Properties): State {
  return { ...inputs, ...Object.fromEntries(Object.keys(type.outputs).map((name) => [name, unknown])) };
}

function operation(timeoutSeconds: number, cancelled: AbortSignal): OperationContext {
  const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1_000 : defaultTimeoutMs;
  return { timeoutMs, signal: AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]) };
}
