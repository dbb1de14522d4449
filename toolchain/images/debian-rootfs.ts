import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { runCommand } from '../tools/run-command.ts';
import type { LayerEntry } from './layer.ts';
import type { LayerRecipe } from './oci-layout.ts';

export interface DebianRootfs {
  suite: string;
  packages: readonly string[];
  /** Paths that go into the image, each with all below it. Nothing else does: no shell unless it is named. */
  keep: readonly string[];
  /** Exceptions from what is kept; a trailing `*` matches the rest of a name. */
  drop?: readonly string[];
}

/** The Debian release that all images are made of. */
export const suite = 'bookworm';

/** Where Debian puts the libraries of this machine's architecture. */
export const libraryFolder = `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/**
 * A layer with the files of Debian packages and of all they depend on, extracted and not installed: no maintainer script runs, no
 * package manager is inside. The packages are those of the day it is built; the cached layer stays until the list or the suite changes.
 */
export function debianRootfs(rootfs: DebianRootfs): LayerRecipe {
  return {
    key: JSON.stringify(['debian-rootfs', 1, rootfs, libraryFolder]),
    async entries() {
      const scratch = await mkdtemp(join(tmpdir(), 'authsome-rootfs-'));
      try {
        const archive = join(scratch, 'rootfs.tar');
        await runCommand('mmdebstrap', ['--quiet', '--variant=extract', `--include=${rootfs.packages.join(',')}`, rootfs.suite, archive], {
          timeout: 600_000,
        });
        const entries = await readEntries(archive, (path) => isKept(path, rootfs));
        return [...withCertificateBundle(entries), { path: 'tmp', type: 'directory', mode: 0o1777 }];
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

/** For `keep`: the shared libraries of all the packages. */
export const sharedLibraries: readonly string[] = [libraryFolder, libraryFolder.slice('usr/'.length), 'lib64'];

const notLibraries = ['gconv', 'perl*', 'libperl*', 'engines-3', 'ossl-modules', 'security', 'audit'].flatMap((name) =>
  sharedLibraries.map((folder) => `${folder}/${name}`),
);

export function isKept(path: string, { keep, drop = [] }: Pick<DebianRootfs, 'keep' | 'drop'>): boolean {
  return keep.some((pattern) => matches(path, pattern)) && ![...notLibraries, ...drop].some((pattern) => matches(path, pattern));
}

function matches(path: string, pattern: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern || path.startsWith(`${pattern}/`);
}

async function readEntries(archive: string, kept: (path: string) => boolean): Promise<LayerEntry[]> {
  const entries = new Map<string, LayerEntry>();
  const hardLinks: { path: string; target: string }[] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const path = header.name.replace(/^\.?\/*/, '').replace(/(?<!\/)\/+$/, '');
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Buffer));
    stream.on('end', () => {
      if (path !== '' && kept(path)) {
        if (header.type === 'directory') entries.set(path, { path, type: 'directory', mode: 0o755 });
        else if (header.type === 'symlink') entries.set(path, { path, type: 'symlink', target: header.linkname ?? '' });
        else if (header.type === 'link') hardLinks.push({ path, target: (header.linkname ?? '').replace(/^\.?\/*/, '') });
        // No set-user-id program is wanted: everything in these images runs as one user, and none may become another.
        else if (header.type === 'file')
          entries.set(path, { path, type: 'file', mode: (header.mode ?? 0o644) & 0o755, content: Buffer.concat(chunks) });
      }
      next();
    });
  });
  await pipeline(createReadStream(archive), reader);
  for (const { path, target } of hardLinks) {
    const original = entries.get(target);
    if (original !== undefined) entries.set(path, { ...original, path });
  }
  return [...entries.values()];
}

/** The bundle that ca-certificates' maintainer script would have made, in place of its single certificates. */
function withCertificateBundle(entries: readonly LayerEntry[]): LayerEntry[] {
  const source = 'usr/share/ca-certificates';
  const certificates = entries.filter((entry) => entry.path.startsWith(`${source}/`) && entry.path.endsWith('.crt'));
  if (certificates.length === 0) return [...entries];
  const bundle = certificates
    .sort((left, right) => (left.path < right.path ? -1 : 1))
    .map((entry) => (entry.type === 'file' && 'content' in entry ? Buffer.from(entry.content).toString('utf8').trimEnd() : ''))
    .join('\n');
  const others = entries.filter((entry) => entry.path !== source && !entry.path.startsWith(`${source}/`));
  return [...others, { path: 'etc/ssl/certs/ca-certificates.crt', type: 'file', mode: 0o644, content: `${bundle}\n` }];
}
