import test from 'ava';
import { isKept, libraryFolder, sharedLibraries } from '../../../toolchain/images/debian-rootfs.ts';

const rootfs = { keep: [...sharedLibraries, 'usr/bin/redis-server', 'usr/share/zoneinfo'], drop: [`${libraryFolder}/libLLVM*`] };

const paths: [path: string, kept: boolean][] = [
  ['usr/bin/redis-server', true],
  ['usr/share/zoneinfo/Europe/Berlin', true],
  [`${libraryFolder}/libc.so.6`, true],
  ['lib64/ld-linux-x86-64.so.2', true],
  ['usr/bin/redis-server-other', false],
  ['bin/sh', false],
  ['usr/bin/perl', false],
  ['etc/shadow', false],
  [`${libraryFolder}/libLLVM-14.so.1`, false],
  [`${libraryFolder}/perl/5.36/Config.pm`, false],
  [`${libraryFolder}/gconv/BIG5.so`, false],
];
for (const [path, kept] of paths) {
  test(`${path} is ${kept ? 'kept' : 'left out'}`, (t) => {
    t.is(isKept(path, rootfs), kept);
  });
}
