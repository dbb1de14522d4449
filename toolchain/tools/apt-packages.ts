import { runCommand } from './run-command.ts';

/** Debian packages of the local cluster's node, and of the builds of images and tests. */
export const nodePackages = [
  'etcd-server',
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'ipset',
  'conntrack',
  'iproute2',
  'nftables',
  'procps',
] as const;

/** Real servers for the integration tests, and amtool. */
export const testPackages = ['postgresql', 'redis-server', 'etcd-server', 'prometheus-alertmanager'] as const;

/**
 * Installs those of the Debian packages that are missing, without starting their services.
 *
 * @returns the names it installed; empty when there was nothing to do
 * @throws CommandError when apt fails; Error when packages are missing and this is no Debian or not root
 */
export async function ensureAptPackages(packages: readonly string[], say: (line: string) => void): Promise<string[]> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0)
    throw new Error(`missing Debian packages: ${missing.join(' ')}. Run as root, or install them with apt-get.`);
  say(`apt-get install ${missing.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await runCommand('apt-get', ['update', '-q'], { timeout: 300_000, env });
  await runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { timeout: 900_000, env });
  return missing;
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const query = ['-W', '-f=${Package} ${db:Status-Status}\n', ...packages];
  // dpkg-query exits 1 when it does not know one of the names, and still lists the others.
  const listing = await runCommand('sh', ['-c', 'dpkg-query "$@" 2>/dev/null || test $? -eq 1', 'sh', ...query]).catch((error: unknown) => {
    throw new Error('dpkg is needed: the toolchain installs Debian packages (Debian or Ubuntu)', { cause: error });
  });
  const installed = new Set(
    listing
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}
