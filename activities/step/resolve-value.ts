import { isBlobRef } from '../../contracts/blob.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { Json } from '../../contracts/json.ts';

/** True when a reference is anywhere in the value. */
export function holdsRefs(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isBlobRef(value)) return true;
  if (Array.isArray(value)) return (value as readonly Json[]).some(holdsRefs);
  return Object.values(value).some(holdsRefs);
}

/** The value with all references in it replaced by what they stand for. */
export async function resolveDeep(
  journal: Pick<Journal, 'getValue'>,
  workspaceId: string,
  value: Json,
): Promise<Json> {
  if (!holdsRefs(value)) return value;
  if (isBlobRef(value)) {
    const found = await journal.getValue(workspaceId, value);
    return resolveDeep(journal, workspaceId, found);
  }
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return Promise.all(items.map((item) => resolveDeep(journal, workspaceId, item)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = await Promise.all(
    Object.entries(value).map(async ([name, item]: [string, Json]) => {
      const resolved = await resolveDeep(journal, workspaceId, item);
      return [name, resolved] as const;
    }),
  );
  return Object.fromEntries(fields);
}
