import { expect, test } from '@jest/globals';
import { allows, PERMISSIONS, permissionsOf, type Permission } from './permissions.ts';
import { ROLES, type Role } from '../contracts/status.ts';

const READS: readonly Permission[] = [
  'agents:read',
  'runs:read',
  'files:read',
  'tasks:read',
  'threads:read',
  'memories:read',
  'knowledge:read',
  'graph:read',
  'catalogue:read',
  'self:read',
];
const RUNS: readonly Permission[] = [
  ...READS,
  'runs:write',
  'files:write',
  'tasks:decide',
  'threads:write',
  'memories:write',
  'knowledge:write',
  'graph:write',
];
const AUTHORS: readonly Permission[] = [...RUNS, 'agents:write', 'audit:read', 'knowledge:admin'];
const MATRIX: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: READS,
  runner: RUNS,
  author: AUTHORS,
  admin: [...AUTHORS, 'keys:admin', 'workspace:admin', 'memories:hold', 'memories:erase'],
};

test.each(ROLES)('gives the role %s exactly what belongs to it', (role) => {
  expect([...permissionsOf(role)].sort()).toEqual([...MATRIX[role]].sort());
});

test('lets each role do what the next one may', () => {
  const names = Object.keys(PERMISSIONS) as Permission[];
  for (const [index, role] of ROLES.slice(0, -1).entries()) {
    const next = ROLES[index + 1] ?? 'viewer';
    for (const name of names) if (allows(next, name)) expect(allows(role, name)).toBe(true);
  }
});
