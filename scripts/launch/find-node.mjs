import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** True for a Node that runs TypeScript files directly: 22.18 and later, 23.6 and later, 24 on. */
export function stripsTypes(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major >= 24;
}

/** The Node to run TypeScript with: this one if new enough, else the one from the npm package. */
export function findNode(root, host = process) {
  if (stripsTypes(host.version)) return host.execPath;
  const packaged = join(root, 'node_modules', `node-${host.platform}-${host.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  throw new Error(
    `Holdfast needs Node 22.18 or newer; this is ${host.version}, and no packaged Node exists ` +
      `for ${host.platform} ${host.arch}. Install Node 24 and run the same command again.`,
  );
}
