import type { IndexFilter } from '../../adapters/memory-index/port.ts';
import type { KnowledgeRequest, RecallFilters, RecallRequest } from '../../contracts/recall.ts';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Memory, MemoryScope } from '../../contracts/memory.ts';
import { audienceOf } from './index-entry.ts';

const FILTER_FIELDS: ReadonlySet<string> = new Set<keyof RecallFilters>([
  'kinds',
  'origins',
  'since',
  'until',
  'validAt',
  'minImportance',
  'trustedOnly',
]);
const DEFAULT_HITS = 10;
/** Clocks of hosts differ: what another one has just written is so already. */
const SKEW_MS = 60_000;

/** How many hits are wanted. Throws `memory.invalid`. */
export function wantedHits(limit = DEFAULT_HITS): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMITS.recallHits) return limit;
  throw invalid(`a recall gives 1 to ${LIMITS.recallHits} hits`);
}

/** The text to search by. Throws `memory.invalid`. */
export function searchText(text: string): string {
  if (text.trim() === '') throw invalid('a recall needs a text');
  if (text.length > LIMITS.recallChars) {
    throw invalid(`the text of a recall has ${LIMITS.recallChars} characters at most`);
  }
  return text;
}

/** The audiences that a request belongs to; none of its filters has a part in this. */
export function audiences({ owner, scopes }: Pick<RecallRequest, 'owner' | 'scopes'>): string[] {
  const { userId, agentId, threadId } = owner;
  const ids: Readonly<Record<MemoryScope, string | null>> = {
    workspace: '',
    user: userId,
    agent: agentId,
    thread: threadId,
  };
  const seen = Object.entries(ids).flatMap(([scope, id]) => {
    const known = scope as MemoryScope;
    if (id === null || (known !== 'workspace' && id === '')) return [];
    return scopes === undefined || scopes.includes(known) ? [known] : [];
  });
  return seen.map((scope) => audienceOf({ scope, ...owner }));
}

/** Which memories a request may find. Throws `memory.invalid`. */
export function memoryFilter(request: RecallRequest, now: Date): IndexFilter {
  const { filters = {} } = request;
  const { kinds, origins, since, until, minImportance, trustedOnly } = checked(filters);
  const span = validSpan(filters, now);
  return {
    all: [
      { field: 'audience', in: audiences(request) },
      ...(kinds === undefined ? [] : [{ field: 'kind', in: kinds }]),
      ...(origins === undefined ? [] : [{ field: 'origin', in: origins }]),
      ...(since === undefined ? [] : [{ field: 'createdAt', atLeast: timeOf(since) }]),
      ...(until === undefined ? [] : [{ field: 'createdAt', below: timeOf(until) }]),
      ...(minImportance === undefined ? [] : [{ field: 'importance', atLeast: minImportance }]),
      ...(trustedOnly === true ? [{ field: 'trusted', in: [true] }] : []),
      ...(span === null ? [] : soIn(span)),
    ],
  };
}

/** The same for a memory as it stands in the database, whatever an index says of it. */
export function mayBeFound(memory: Memory, request: RecallRequest, now: Date): boolean {
  const { filters = {} } = request;
  const { kinds, origins, since, until, minImportance, trustedOnly } = filters;
  const span = validSpan(filters, now);
  const created = Date.parse(memory.createdAt);
  return (
    memory.status === 'active' &&
    audiences(request).includes(audienceOf(memory)) &&
    (kinds?.includes(memory.kind) ?? true) &&
    (origins?.includes(memory.origin) ?? true) &&
    (since === undefined || created >= timeOf(since)) &&
    (until === undefined || created < timeOf(until)) &&
    memory.importance >= (minImportance ?? 0) &&
    (trustedOnly !== true || memory.trusted) &&
    (span === null || isSoIn(memory, span))
  );
}

/** Which pieces of documents a request may find. */
export function knowledgeFilter(request: KnowledgeRequest): IndexFilter {
  const { knowledgeBaseIds, documentIds } = request;
  return {
    all: [
      { field: 'audience', in: knowledgeAudiences(request) },
      ...(knowledgeBaseIds === undefined ? [] : [{ field: 'knowledgeBase', in: knowledgeBaseIds }]),
      ...(documentIds === undefined ? [] : [{ field: 'document', in: documentIds }]),
    ],
  };
}

/** Whose documents a request may see. */
export function knowledgeAudiences({ owner }: KnowledgeRequest): string[] {
  return audiences({
    owner: { userId: owner.userId, agentId: null, threadId: null },
    scopes: ['workspace', 'user'],
  });
}

/** What has begun by the one time and has not ended by the other is so. */
interface Span {
  readonly begunBy: number;
  readonly notEndedBy: number;
}

function validSpan({ validAt }: RecallFilters, now: Date): Span | null {
  if (validAt === null) return null;
  if (validAt === undefined) {
    return { begunBy: now.getTime() + SKEW_MS, notEndedBy: now.getTime() };
  }
  const time = timeOf(validAt);
  return { begunBy: time, notEndedBy: time };
}

function soIn({ begunBy, notEndedBy }: Span): readonly IndexFilter[] {
  return [
    { field: 'validAt', below: begunBy + 1 },
    { not: { field: 'invalidAt', below: notEndedBy + 1 } },
  ];
}

function isSoIn({ validAt, invalidAt }: Memory, { begunBy, notEndedBy }: Span): boolean {
  if (Date.parse(validAt) > begunBy) return false;
  return invalidAt === null || Date.parse(invalidAt) > notEndedBy;
}

/** A field that looks like a filter but is none would seem to have been obeyed. */
function checked(filters: RecallFilters): RecallFilters {
  const unknown = Object.keys(filters).filter((field) => !FILTER_FIELDS.has(field));
  if (unknown.length === 0) return filters;
  throw invalid(`there is no filter ${unknown.join(', ')}`);
}

function timeOf(time: string): number {
  const parsed = Date.parse(time);
  if (Number.isNaN(parsed)) throw invalid(`${JSON.stringify(time)} is not a time`);
  return parsed;
}

function invalid(reason: string): AppError {
  return new AppError('memory.invalid', reason);
}
