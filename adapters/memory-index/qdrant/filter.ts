import type { Schemas } from '@qdrant/js-client-rest';
import { escapeKey } from './names.ts';
import type { AttributeValue, IndexFilter, IndexProfile } from '../port.ts';

/** A condition of Qdrant's. */
export type Condition = Schemas['Condition'];

/** Which points a call may touch; with a profile also which kind. */
export interface Scope {
  readonly workspaceId: string;
  readonly generation: string;
  readonly profile?: IndexProfile;
}

/** No point has an id of none. */
const NOTHING: Condition = { must: [{ has_id: [] }] };
const EVERYTHING: Condition = { must_not: [NOTHING] };

/** The filter without which nothing is ever asked. */
export function inScope(
  { workspaceId, generation, profile }: Scope,
  conditions: readonly Condition[] = [],
): { readonly must: Condition[] } {
  const kind: Condition[] =
    profile === undefined ? [] : [{ key: 'profile', match: { value: profile } }];
  return {
    must: [
      { key: 'ns', match: { value: workspaceId } },
      { key: 'generation', match: { value: generation } },
      ...kind,
      ...conditions,
    ],
  };
}

/**
 * A filter on attributes in Qdrant's words. It reads `attributes` and `numbers` alone, which is where
 * attributes are; what decides on workspaces stands beside them and cannot be named here.
 */
export function toCondition(filter: IndexFilter): Condition {
  if ('all' in filter) {
    return filter.all.length === 0 ? EVERYTHING : { must: filter.all.map(toCondition) };
  }
  if ('any' in filter) {
    return filter.any.length === 0 ? NOTHING : { should: filter.any.map(toCondition) };
  }
  if ('not' in filter) return { must_not: [toCondition(filter.not)] };
  if ('in' in filter) {
    if (filter.in.length === 0) return NOTHING;
    const any = filter.in.map((value) => toToken(filter.field, value));
    return { key: 'attributes', match: { any } };
  }
  const { field, atLeast, below } = filter;
  // A range without ends matches nothing in Qdrant, but every number here.
  const gte = Math.max(atLeast ?? -Infinity, -Number.MAX_VALUE);
  const range = below === undefined ? { gte } : { gte, lt: below };
  return { key: `numbers.${escapeKey(field)}`, range };
}

/**
 * Attributes as keywords: one index serves whatever names there are, fractions can be compared for
 * equality, and a number is not its text.
 */
export function toTokens(attributes: Readonly<Record<string, AttributeValue>>): string[] {
  return Object.entries(attributes).flatMap(([field, value]) => {
    const members = typeof value === 'object' ? value : [value];
    return members.map((member) => toToken(field, member));
  });
}

/** Attributes that ranges may be asked of. */
export function toNumbers(
  attributes: Readonly<Record<string, AttributeValue>>,
): Record<string, number> {
  const numbers = Object.entries(attributes).flatMap(([field, value]) =>
    typeof value === 'number' ? [[escapeKey(field), value] as const] : [],
  );
  return Object.fromEntries(numbers);
}

function toToken(field: string, value: string | number | boolean): string {
  return `${escapeKey(field)}=${JSON.stringify(value)}`;
}
