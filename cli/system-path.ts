import { delimiter } from 'node:path';

const packageFolder = /(?:^|\/)(?:node_modules\/\.bin|node-gyp-bin)$/;
/** Not every root has them on its path. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * A PATH on which programs are the system's. npm and npx put the programs of packages first, and one of them is called `nft`: with that, the
 * cluster's firewall would be another program. The launcher does the same; this is for whoever starts the command line without it.
 */
export function systemPath(path: string): string {
  const folders = path.split(delimiter).filter((folder) => !packageFolder.test(folder));
  return [...new Set([...folders, ...systemFolders])].join(delimiter);
}
