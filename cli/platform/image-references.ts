import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from '../../toolchain/write-atomically.ts';

const referencesSchema = z.record(z.string(), z.string());

/** The references of the built images, and of some that others publish, where the platform program of the local profile reads them. */
export async function writeImageReferences(
  file: string,
  images: readonly { name: string; reference: string }[],
  published: Readonly<Record<string, string>> = {},
): Promise<void> {
  const references = { ...Object.fromEntries(images.map(({ name, reference }) => [name, reference])), ...published };
  await writeAtomically(file, `${JSON.stringify(references, undefined, 2)}\n`, { mode: 0o644 });
}

/** What was written last; nothing where nothing was. */
export async function readImageReferences(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return referencesSchema.parse(JSON.parse(text));
}
