import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { runCommand } from '../tools/run-command.ts';
import { writeAtomically } from '../write-atomically.ts';
import { clusterSettings as s } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

/** What the host looked like before the cluster changed it; kept until `down` has put it back. */
interface HostSnapshot {
  ipForward: string;
  nftTables: string[];
  /** conntrack sysctls that kube-proxy may set. */
  sysctls: Record<string, string>;
}

const ipForwardFile = '/proc/sys/net/ipv4/ip_forward';
const restoredSysctls = ['/proc/sys/net/bridge/bridge-nf-call-iptables', '/proc/sys/net/netfilter/nf_conntrack_max'];

/** Makes the bridge, lets the kernel forward, and masquerades what leaves the pod network. Idempotent. */
export async function setUpHostNetwork(paths: ClusterPaths): Promise<void> {
  await takeSnapshot(paths);
  await runCommand('modprobe', ['-a', 'br_netfilter', 'overlay']).catch(() => undefined);
  if (!(await linkExists(s.bridge))) await runCommand('ip', ['link', 'add', s.bridge, 'type', 'bridge']);
  await runCommand('ip', ['address', 'replace', `${s.nodeIp}/24`, 'dev', s.bridge]);
  await runCommand('ip', ['link', 'set', s.bridge, 'up']);
  await writeFile(ipForwardFile, '1');
  await runCommand('nft', ['-f', '-'], {
    stdin: 'pipe',
    input: `table ip ${s.network}
delete table ip ${s.network}
table ip ${s.network} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${s.podCidr} ip daddr != { ${s.podCidr}, ${s.serviceCidr} } masquerade
  }
}
`,
  });
}

/** Whether the tables that carry Services and masquerading are there: a firewall service that restarts flushes them all. */
export async function isHostNetworkIntact(): Promise<boolean> {
  const tables = await nftTables();
  return ['ip kube-proxy', `ip ${s.network}`].every((table) => tables.includes(table));
}

/** Removes every link, table, chain and set that the cluster made on the host, and puts the sysctls back. Idempotent. */
export async function tearDownHostNetwork(paths: ClusterPaths): Promise<void> {
  if (await linkExists(s.bridge)) await runCommand('ip', ['link', 'delete', s.bridge]);
  for (const table of ['ip kube-proxy', 'ip6 kube-proxy', `ip ${s.network}`]) await deleteNftTable(table);
  await removeKubeRouterRules();
  await removeIpsets();
  await restoreSnapshot(paths);
}

async function takeSnapshot(paths: ClusterPaths): Promise<void> {
  if ((await readFile(paths.hostSnapshot).catch(() => undefined)) !== undefined) return;
  const sysctls: Record<string, string> = {};
  for (const file of restoredSysctls) {
    const value = await readFile(file, 'utf8').catch(() => undefined);
    if (value !== undefined) sysctls[file] = value.trim();
  }
  const snapshot: HostSnapshot = { ipForward: (await readFile(ipForwardFile, 'utf8')).trim(), nftTables: await nftTables(), sysctls };
  await mkdir(paths.dir, { recursive: true });
  await writeAtomically(paths.hostSnapshot, JSON.stringify(snapshot), { mode: 0o644 });
}

async function restoreSnapshot(paths: ClusterPaths): Promise<void> {
  const text = await readFile(paths.hostSnapshot, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const snapshot = JSON.parse(text) as HostSnapshot;
  // iptables makes its tables on first use and never removes them: those that were not there before and hold no rule now are ours.
  for (const table of await nftTables()) {
    if (!snapshot.nftTables.includes(table) && (await isUnused(table))) await deleteNftTable(table);
  }
  await writeFile(ipForwardFile, snapshot.ipForward);
  for (const [file, value] of Object.entries(snapshot.sysctls)) await writeFile(file, value).catch(() => undefined);
  await rm(paths.hostSnapshot, { force: true });
}

/** kube-router's chains all have names of its own; the rules that jump to them go first. */
async function removeKubeRouterRules(): Promise<void> {
  const ours = /KUBE-(ROUTER|POD-FW|NWPLCY)/;
  for (const command of ['iptables', 'ip6tables']) {
    const saved = await runCommand(`${command}-save`, []).catch(() => '');
    if (!ours.test(saved)) continue;
    const kept = saved.split('\n').filter((line) => !ours.test(line));
    await runCommand(`${command}-restore`, [], { stdin: 'pipe', input: `${kept.join('\n')}\n` });
  }
}

async function removeIpsets(): Promise<void> {
  const names = (await runCommand('ipset', ['list', '-name']).catch(() => ''))
    .split('\n')
    .filter((name) => /^(inet6:)?(KUBE-|kube-router-)/.test(name));
  for (const name of names) await runCommand('ipset', ['destroy', name]);
}

async function nftTables(): Promise<string[]> {
  return (await runCommand('nft', ['list', 'tables']).catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/^table /, ''));
}

async function isUnused(table: string): Promise<boolean> {
  const listing = await runCommand('nft', ['list', 'table', ...table.split(' ')]).catch(() => '');
  const rules = listing.split('\n').filter((line) => line.trim() !== '' && !/^\s*(#|table |chain |type |\})/.test(line));
  return rules.length === 0;
}

async function deleteNftTable(table: string): Promise<void> {
  if ((await nftTables()).includes(table)) await runCommand('nft', ['delete', 'table', ...table.split(' ')]);
}

async function linkExists(name: string): Promise<boolean> {
  return runCommand('ip', ['link', 'show', name]).then(
    () => true,
    () => false,
  );
}
