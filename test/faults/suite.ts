import { cleanUp } from './clean-up.ts';
import { Life, waitForRest } from './life.ts';
import { openPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

/** What every life needs: the platform, at rest, and what an application that nothing disturbs has in its namespace. */
export interface Suite {
  platform: Platform;
  objects: string[];
}

/** @throws Error where the platform is not well, or not even an undisturbed application is as it should be */
export async function openSuite(): Promise<Suite> {
  const platform = await openPlatform();
  await waitForRest(platform);
  try {
    return { platform, objects: await learnObjects(platform) };
  } catch (error) {
    await cleanUp(platform);
    throw error;
  }
}

async function learnObjects(platform: Platform): Promise<string[]> {
  const life = new Life(platform);
  const { problems } = await life.step('provision', undefined, undefined);
  if (problems.length > 0) throw new Error(`an application that nothing disturbs is not as it should be: ${problems.join('; ')}`);
  const objects = await life.objects();
  const deleted = await life.step('delete', undefined, objects);
  if (deleted.problems.length > 0)
    throw new Error(`the deletion of such an application is not as it should be: ${deleted.problems.join('; ')}`);
  return objects;
}
