import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { profiles } from './profiles.ts';
import type { PlatformImages, PlatformSettings } from './settings.ts';
import { platformImagesSchema, platformSettingsSchema } from './settings.ts';
import { alertChannelsSchema } from './observability/observability-settings.ts';
import type { AlertChannels } from './observability/observability-settings.ts';
import { publishedImages } from './observability/published-images.ts';

/** What the platform program is given: settings, image references, and the folder of local volumes. */
export interface PlatformInputs {
  settings: PlatformSettings;
  images: PlatformImages;
  /** Only in the local profile. */
  volumesDir: string;
  /** Secret. */
  alertChannels: pulumi.Output<AlertChannels>;
  /** Objects are written to this folder instead of to a cluster: how a change is rehearsed where no cluster can be reached. */
  renderTo: string | undefined;
}

/**
 * Reads a stack's configuration: `authsome:profile` names the profile (the stack's name where it is not set), `authsome:settings` overrides
 * single values of it, `authsome:images` gives published images. The local profile reads the references of the images that were built here.
 * `authsome:alertChannels`, a secret, says where alerts go. `authsome:renderTo` is set by `authsome preview` alone.
 *
 * @throws Error naming each bad value by its path
 */
export function loadSettings(): PlatformInputs {
  const config = new pulumi.Config('authsome');
  const profile = z.enum(['local', 'staging', 'production']).parse(config.get('profile') ?? pulumi.getStack());
  const overrides = config.getObject<Record<string, unknown>>('settings') ?? {};
  const settings = parse(platformSettingsSchema, merge(profiles[profile], overrides), 'authsome:settings');
  const stateDir = process.env['AUTHSOME_STATE_DIR'] ?? join(import.meta.dirname, '..', '.authsome');
  const images = config.getObject('images') ?? readBuiltImages(join(stateDir, 'images.json'), profile);
  return {
    settings,
    // A local cluster pulls from nowhere, unless `up` has found that it can.
    images: parse(platformImagesSchema, profile === 'local' ? images : merge(publishedImages, images), 'authsome:images'),
    alertChannels: (config.getSecretObject('alertChannels') ?? pulumi.secret({})).apply((channels) =>
      parse(alertChannelsSchema, channels, 'authsome:alertChannels'),
    ),
    volumesDir: join(stateDir, 'volumes'),
    renderTo: config.get('renderTo'),
  };
}

function readBuiltImages(file: string, profile: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`profile ${profile}: set authsome:images, or build the images first with ./authsome up`, { cause });
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${[name, ...issue.path].join('.')}: ${issue.message}`).join('\n'));
}

/** Objects are merged, everything else is replaced, and so is an object by one of another `kind`. */
function merge(base: unknown, override: unknown): unknown {
  if (!isObject(base) || !isObject(override) || ('kind' in override && override['kind'] !== base['kind'])) return override ?? base;
  const keys = new Set([...Object.keys(base), ...Object.keys(override)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], override[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
