import { ROLES, type Role } from '../contracts/status.ts';

/** What a route may need. */
export const PERMISSIONS = {
  'agents:read': 'viewer',
  'agents:write': 'author',
  'runs:read': 'viewer',
  'runs:write': 'runner',
  'files:read': 'viewer',
  'files:write': 'runner',
  'tasks:read': 'viewer',
  'tasks:decide': 'runner',
  'threads:read': 'viewer',
  'threads:write': 'runner',
  'memories:read': 'viewer',
  'memories:write': 'runner',
  'memories:hold': 'admin',
  'memories:erase': 'admin',
  'knowledge:read': 'viewer',
  'knowledge:write': 'runner',
  'knowledge:admin': 'author',
  'graph:read': 'viewer',
  'graph:write': 'runner',
  'catalogue:read': 'viewer',
  'self:read': 'viewer',
  'audit:read': 'author',
  'keys:admin': 'admin',
  'workspace:admin': 'admin',
} as const satisfies Record<string, Role>;

/** A permission; the table names the lowest role that has it. */
export type Permission = keyof typeof PERMISSIONS;

/** True for a permission of the table. */
export function isPermission(text: unknown): text is Permission {
  return typeof text === 'string' && Object.hasOwn(PERMISSIONS, text);
}

/** Whether the role has the permission: roles are ordered, each includes the later ones. */
export function allows(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(PERMISSIONS[permission]);
}

/** Everything the role may do. */
export function permissionsOf(role: Role): readonly Permission[] {
  return Object.keys(PERMISSIONS)
    .filter(isPermission)
    .filter((name) => allows(role, name));
}
