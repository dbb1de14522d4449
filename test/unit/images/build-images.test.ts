import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildImages, imageConfig } from '../../../toolchain/images/build-images.ts';
import type { ImageBinaries } from '../../../toolchain/images/image-definitions.ts';
import { OciLayout } from '../../../toolchain/images/oci-layout.ts';
import { registryReference } from '../../../toolchain/images/push-images.ts';

/** Images of one program each: they need neither Debian packages nor the services' sources. */
const only = ['pause', 'nats'] as const;

async function withBinaries(run: (place: { cacheDir: string; binaries: ImageBinaries }) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-images-test-'));
  try {
    const binary = async (name: string): Promise<string> => {
      await writeFile(join(folder, name), `program ${name}`);
      return join(folder, name);
    };
    const [node, pulumi, kubernetesProvider, natsServer, pause] = await Promise.all([
      binary('node'),
      binary('pulumi'),
      binary('provider'),
      binary('nats-server'),
      binary('pause'),
    ]);
    await run({ cacheDir: join(folder, 'cache'), binaries: { node, pulumi, kubernetesProvider, natsServer, pause } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('an unchanged input gives the same references and writes no layer', async (t) => {
  await withBinaries(async ({ cacheDir, binaries }) => {
    const lines: string[] = [];
    const build = () => buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only, onProgress: (line) => lines.push(line) });
    const first = await build();
    t.is(lines.length, 2);
    t.deepEqual(await build(), first);
    t.is(lines.length, 2);
  });
});

test('the same content built in two caches gives the same references', async (t) => {
  await withBinaries(async ({ cacheDir, binaries }) => {
    const build = async (folder: string) =>
      (await buildImages({ repoRoot: '/nowhere', cacheDir: folder, binaries, only })).map(({ reference }) => reference);
    t.deepEqual(await build(`${cacheDir}-a`), await build(`${cacheDir}-b`));
  });
});

test('a changed program changes its own image and no other', async (t) => {
  await withBinaries(async ({ cacheDir, binaries }) => {
    const [pause, nats] = await buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only });
    await writeFile(binaries.natsServer, 'another program');
    const [pauseAfter, natsAfter] = await buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only });
    t.is(pauseAfter?.reference, pause?.reference);
    t.not(natsAfter?.reference, nats?.reference);
  });
});

test('the store is an OCI image layout: the index names manifests, each blob has the digest of its name', async (t) => {
  await withBinaries(async ({ cacheDir, binaries }) => {
    const images = await buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only });
    const folder = join(cacheDir, 'images');
    const layout = new OciLayout(folder);
    t.deepEqual(JSON.parse(await readFile(join(folder, 'oci-layout'), 'utf8')), { imageLayoutVersion: '1.0.0' });
    const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { manifests: { digest: string; size: number }[] };
    t.deepEqual(
      index.manifests.map(({ digest }) => digest),
      images.map(({ digest }) => digest),
    );
    for (const image of images) {
      t.is((await stat(layout.blobPath(image.digest))).size, image.size);
      const manifest = (await layout.readJson(image.digest)) as { config: { digest: string }; layers: { digest: string }[] };
      t.deepEqual(image.blobs, [image.digest, manifest.config.digest, ...manifest.layers.map(({ digest }) => digest)]);
      const config = (await layout.readJson(manifest.config.digest)) as { rootfs: { diff_ids: string[] } };
      t.deepEqual(
        config.rootfs.diff_ids,
        manifest.layers.map(({ digest }) => digest),
      );
    }
  });
});

test('a blob that no build used for 14 days is deleted, one in use is not', async (t) => {
  await withBinaries(async ({ cacheDir, binaries }) => {
    await buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only });
    const blobs = join(cacheDir, 'images', 'blobs', 'sha256');
    const used = await readdir(blobs);
    const long = new Date(Date.now() - 15 * 24 * 3_600_000);
    await writeFile(join(blobs, 'unused'), '');
    for (const name of [...used, 'unused']) await utimes(join(blobs, name), long, long);
    await buildImages({ repoRoot: '/nowhere', cacheDir, binaries, only });
    t.deepEqual((await readdir(blobs)).sort(), used.sort());
  });
});

test("an image's config holds the numeric user, so that runAsNonRoot can be checked, and no time", (t) => {
  const config = imageConfig(
    { name: 'x', user: { name: 'app', id: 10_001 }, layers: [], config: { Entrypoint: ['/x'], StopSignal: 'SIGINT' } },
    ['sha256:1'],
  );
  t.like(config, {
    os: 'linux',
    config: { User: '10001:10001', Entrypoint: ['/x'], StopSignal: 'SIGINT' },
    rootfs: { diff_ids: ['sha256:1'] },
  });
  t.false('created' in config);
});

test('a pushed image keeps its name and tag behind the registry', (t) => {
  t.is(registryReference('registry.example.com/authsome/', 'localhost/authsome/proxy:0123'), 'registry.example.com/authsome/proxy:0123');
});
