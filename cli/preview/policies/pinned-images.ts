import { plannedPods } from './planned-pods.ts';
import { violation } from './policy.ts';
import type { Policy } from './policy.ts';

/** A tag that its owner moves, such as `15`, `stable` or a branch, names another image tomorrow: a version with at least two numbers, or the hash that our own builds have. */
const pinnedTag = /^(v?\d+\.\d+(\.\d+)*([.+_-][\w.+-]*)?|[0-9a-f]{12,64})$/;

/** What was tried is what runs; and a node that pulls later than another runs the same. */
export const pinnedImages: Policy = {
  name: 'pinned-images',
  rule: 'Images are named by digest or by the tag of a version; never by `latest`.',
  check: (plan) =>
    plannedPods(plan).flatMap(({ resource, containers }) =>
      containers
        .filter(({ image }) => !isPinned(image))
        .map(({ name, image }) => violation(resource, `container ${name} has the image ${image === '' ? '(none)' : image}`)),
    ),
};

export function isPinned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const [, tag] = /^[^:]*(?::\d+\/[^:]*)?:([\w.+-]+)$/.exec(image) ?? [];
  return tag !== undefined && pinnedTag.test(tag);
}
