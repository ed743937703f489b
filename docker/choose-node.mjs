/**
 * Links `bin/node` of the image to a Node that strips types and drops the packaged ones that are
 * not used. Plain JavaScript, because the base's own Node may be too old for anything else.
 */
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { findNode } from '../scripts/launch/find-node.mjs';

const root = resolve(import.meta.dirname ?? '.', '..');
const node = findNode(root);
mkdirSync(join(root, 'bin'));
symlinkSync(node, join(root, 'bin', 'node'));
const modules = join(root, 'node_modules');
for (const name of readdirSync(modules)) {
  const folder = join(modules, name);
  const isPackagedNode = /^node-(linux|darwin|win)-/.test(name);
  if (isPackagedNode && !node.startsWith(folder + sep)) rmSync(folder, { recursive: true });
}
