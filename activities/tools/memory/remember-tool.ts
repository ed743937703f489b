import { LIMITS } from '../../../contracts/limits.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { MEMORY_KINDS, MEMORY_SCOPES } from '../../../contracts/memory.ts';
import { textOf } from '../built-in/text-argument.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { Learned, MemoryDraft, RecallOwner } from '../../../contracts/recall.ts';
import type { MemoryScope } from '../../../contracts/memory.ts';
import type { MemoryService } from '../../memory/memory-service.ts';
import type { Tool, ToolContext } from '../tool.ts';

/** Name of the tool, and of the node type that calls it. */
export const REMEMBER = 'remember';

const TIMEOUT_MS = 30_000;

/** What the tool works with. */
export interface RememberDeps {
  readonly memory: Pick<MemoryService, 'remember'>;
  /** True where nothing outside of the process is asked. */
  readonly light: boolean;
}

/** Keeps something for later runs. Repeating a call writes nothing again. */
export function createRememberTool(deps: RememberDeps): Tool {
  return {
    name: REMEMBER,
    description:
      'Remembers something beyond this conversation, in one plain sentence that stands by itself. ' +
      'Name the memories that are no more so because of it in `contradicts`.',
    parameters: {
      type: 'object',
      properties: {
        text: { type: 'string', minLength: 1, maxLength: LIMITS.memoryBytes },
        kind: { enum: [...MEMORY_KINDS], description: '`fact` by default' },
        scope: {
          enum: [...MEMORY_SCOPES],
          description:
            'Whom it serves: the user by default, or the agent if there is no user. The author of the ' +
            'agent decides which may be written',
        },
        importance: { type: 'number', minimum: 0, maximum: 1, description: '0.5 by default' },
        contradicts: {
          type: 'array',
          items: { type: 'string' },
          maxItems: LIMITS.learntPerRun,
          description: 'Ids of memories',
        },
      },
      required: ['text'],
      additionalProperties: false,
    },
    effect: 'keyed',
    timeoutMs: TIMEOUT_MS,
    light: deps.light,
    execute: async (args, context) => {
      const author = { actor: context.actor, why: `asked for by step ${context.stepId}` };
      const draft = draftOf(args, context);
      const [learned] = await deps.memory.remember(context.workspaceId, [draft], author);
      if (learned === undefined) throw new AppError('internal', 'nothing came of the memory');
      return answerOf(learned);
    },
  };
}

function draftOf(args: JsonObject, context: ToolContext): MemoryDraft {
  const { owner, runId, stepId, idempotencyKey } = context;
  const scope = MEMORY_SCOPES.find((known) => known === args['scope']) ?? usualScope(owner);
  refuseScope(scope, context.memoryScopes);
  const { importance, contradicts } = args;
  return {
    kind: MEMORY_KINDS.find((known) => known === args['kind']) ?? 'fact',
    text: textOf(args, 'text'),
    origin: 'agent',
    ...ownedBy(scope, owner),
    ...(typeof importance === 'number' ? { importance } : {}),
    ...(Array.isArray(contradicts) ? { contradicts: contradicts as readonly string[] } : {}),
    runId,
    stepId,
    key: idempotencyKey,
  };
}

/** Who reads what a model has read must not thereby write for others: its author names for whom. */
function refuseScope(scope: MemoryScope, allowed: readonly MemoryScope[]): void {
  if (allowed.includes(scope)) return;
  throw new AppError(
    'tool.refused',
    `this agent may not keep memories of scope ${scope}, only of scope ${allowed.join(' or ')}: ` +
      'its author would have to name it in memory.scopes',
  );
}

/** Whom a memory serves that names nobody. */
export function usualScope({ userId }: RecallOwner): MemoryScope {
  return userId === null ? 'agent' : 'user';
}

/** The owner's ids for a scope. Throws `memory.invalid` where the run serves nobody of that kind. */
export function ownedBy(
  scope: MemoryScope,
  owner: RecallOwner,
): Pick<MemoryDraft, 'scope' | 'userId' | 'agentId' | 'threadId'> {
  const id = { user: owner.userId, agent: owner.agentId, thread: owner.threadId, workspace: '' };
  if (id[scope] === null) {
    throw new AppError('memory.invalid', `this run has no ${scope} whose memory it could be`);
  }
  return {
    scope,
    // Whoever it tells of can have it erased, whatever its scope.
    userId: owner.userId,
    agentId: scope === 'agent' ? owner.agentId : null,
    threadId: scope === 'thread' ? owner.threadId : null,
  };
}

/** What became of a memory, for models and people. */
export function answerOf(learned: Learned): Json {
  switch (learned.kind) {
    case 'refused':
      throw new AppError('tool.refused', `${learned.code}: ${learned.reason}`);
    case 'superseded':
      return {
        kind: learned.kind,
        memoryId: learned.memory.id,
        closed: learned.closed.map(({ id }) => id),
      };
    default:
      return { kind: learned.kind, memoryId: learned.memory.id };
  }
}
