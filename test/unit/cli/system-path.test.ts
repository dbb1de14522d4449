import test from 'ava';
import { systemPath } from '../../../cli/system-path.ts';

test("programs of npm's packages are never taken for the system's", (t) => {
  const path =
    '/work/node_modules/.bin:/node_modules/.bin:/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/opt/node/bin:/usr/bin';
  t.is(systemPath(path), '/opt/node/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin');
});

test('a path that is the system’s already stays as it is', (t) => {
  const path = '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin';
  t.is(systemPath(path), path);
});
