import { createHash } from 'node:crypto';

/**
 * The id of an entry's point, as Qdrant takes none but numbers and UUIDs: a digest in the form of a
 * version 5 UUID. Workspace and generation are in it, so that no two of them share a point.
 */
export function pointIdOf(workspaceId: string, generation: string, entryId: string): string {
  const digest = createHash('sha256').update(JSON.stringify([workspaceId, generation, entryId]));
  const bytes = digest.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
