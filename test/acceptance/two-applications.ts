import anyTest from 'ava';
import type { TestFn } from 'ava';
import type { CreatedApplication } from '../../cli/control-client.ts';
import { deleteApplication, newApplication, newOwner } from './platform-under-test.ts';
import type { Owner } from './platform-under-test.ts';

export interface TwoApplications {
  owner: Owner;
  first: CreatedApplication;
  second: CreatedApplication;
}

/** For a file whose tests share two active applications of one owner; they are deleted after the last test, whatever failed. */
export function testWithTwoApplications(): TestFn<TwoApplications> {
  const test = anyTest as TestFn<TwoApplications>;
  test.before(async (t) => {
    t.timeout(600_000);
    const owner = await newOwner();
    // Set at once: should one of the two fail, the other is still found and deleted.
    t.context.owner = owner;
    const [first, second] = await Promise.all([newApplication(owner), newApplication(owner)]);
    t.context = { owner, first, second };
  });
  test.after.always(async (t) => {
    t.timeout(600_000);
    const { owner } = t.context;
    const left = (await owner.client.applications(owner.workspaceId)).filter(({ status }) => status !== 'deleted');
    await Promise.all(left.map(({ id }) => deleteApplication(owner, id)));
  });
  return test;
}
