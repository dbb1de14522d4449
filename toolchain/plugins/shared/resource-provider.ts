import type { CheckFailure, PropertySchemas } from './property-schema.ts';
import type { Properties, PropertyValue } from './wire-values.ts';

/** What a plugin stores for a resource; `undefined` values are left out. */
export type State = Record<string, PropertyValue | undefined>;

/** Configuration of a plugin that has none. */
export type NoConfig = Record<string, never>;

/** Bounds of one operation. */
export interface OperationContext {
  /** Aborted when the engine's timeout for the operation is over, or when it cancels the plugin. */
  signal: AbortSignal;
  timeoutMs: number;
}

/** One resource type of a plugin. `Config` is the plugin's parsed configuration. */
export interface ResourceType<Config> {
  /** Official token, such as `random:index/randomPassword:RandomPassword`. */
  token: string;
  inputs: PropertySchemas;
  /** Properties that exist only after creation. */
  outputs: PropertySchemas;
  /** Rules that no single property's schema can express. Unknown values must be passed over. */
  checkRules?(inputs: Properties): CheckFailure[];
  /** Input whose value names the real object: a replacement that keeps it must delete the old object first. */
  identity?: string[];
  create(config: Config, inputs: Properties, context: OperationContext): Promise<{ id: string; state: State }>;
  /** What `pulumi import ID` names: the object's own id, and the state that `read` needs to find it. Left out where the two ids are the same. */
  importId?(id: string): { id: string; state: Properties };
  /** Returns undefined when the object is gone. */
  read(config: Config, id: string, state: Properties, context: OperationContext): Promise<State | undefined>;
  update?(config: Config, id: string, olds: Properties, news: Properties, context: OperationContext): Promise<State>;
  delete(config: Config, id: string, state: Properties, context: OperationContext): Promise<void>;
}

/** A whole plugin: its resource types and its configuration. */
export interface ProviderDefinition<Config> {
  name: string;
  version: string;
  configInputs: PropertySchemas;
  configure(inputs: Properties): Config;
  resources: ResourceType<Config>[];
}
