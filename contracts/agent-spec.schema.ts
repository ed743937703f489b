import { z } from 'zod';
import type { AgentSpec } from './agent-spec.ts';
import { MODEL_PROVIDERS } from './agent-spec.ts';
import { APPROVAL_POLICIES } from './effect.ts';
import { isJsonObject, type JsonObject, type JsonSchema } from './json.ts';
import { LIMITS } from './limits.ts';
import { MEMORY_KINDS, MEMORY_SCOPES } from './memory.ts';
import { USUAL_SCOPES } from './memory-policy.ts';
import { GEARS } from './plan.ts';
import { checkShape } from './spec-shape.ts';
import type { Problem } from './problem.ts';
import { BROWSER_ENGINES, SANDBOX_IMAGES, SANDBOX_LEVELS } from './sandbox.ts';
import { specProblems } from './spec-problems.schema.ts';
import { REDUCERS } from './step.ts';

/** An agent's spec as trusted data, or every problem of it with its place. */
export type ParsedSpec = { readonly spec: AgentSpec } | { readonly problems: readonly Problem[] };

const NODE_ID = /^[a-z][a-z0-9_-]{0,63}$/;
const CHANNEL = /^[a-z][a-zA-Z0-9_]{0,63}$/;
const TOOL = /^[a-z][a-z0-9_]{0,63}$/;
const MODEL_NAME_CHARS = 200;
const SCRIPT_TURNS = 200;
const MAX_ATTEMPTS = 100;
const MAX_INTERVAL_MS = 3_600_000;
const MAX_BACKOFF = 100;

const nodeId = z.string().regex(NODE_ID);
const expression = z.string().min(1).max(LIMITS.expressionChars);
const template = z.string().max(LIMITS.instructionsBytes);
const schema = z.custom<JsonSchema>(
  (value) => typeof value === 'boolean' || isJsonObject(value),
  'must be a JSON Schema: an object, true or false',
);
const jsonObject = z.custom<JsonObject>(isJsonObject, 'must be an object');
const count = (max: number): z.ZodNumber => z.number().int().min(1).max(max);

const toolCall = z.strictObject({ tool: z.string(), arguments: jsonObject });

const scriptTurn = z.strictObject({
  when: expression.optional(),
  say: template.optional(),
  output: expression.optional(),
  call: z.array(toolCall).max(LIMITS.parallelToolCalls).optional(),
  calls: expression.optional(),
});

/** Which model; also the schema of `model` in the config of nodes. */
export const modelSpecSchema = z.strictObject({
  provider: z.enum(MODEL_PROVIDERS),
  name: z.string().min(1).max(MODEL_NAME_CHARS).optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxOutputTokens: count(1_000_000).optional(),
  silenceMs: count(LIMITS.stepTimeoutMs).optional(),
  script: z.array(scriptTurn).max(SCRIPT_TURNS).optional(),
});

const toolUse = z.union([
  z
    .string()
    .regex(TOOL)
    .transform((name) => ({ name, approval: 'never' as const })),
  z.strictObject({
    name: z.string().regex(TOOL),
    approval: z.enum(APPROVAL_POLICIES).default('never'),
    sandboxLevel: z.enum(SANDBOX_LEVELS).optional(),
  }),
]);

const retry = z.strictObject({
  maxAttempts: count(MAX_ATTEMPTS).optional(),
  initialIntervalMs: count(MAX_INTERVAL_MS).optional(),
  backoff: z.number().min(1).max(MAX_BACKOFF).optional(),
  maxIntervalMs: count(MAX_INTERVAL_MS).optional(),
});

const onError = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('fail') }),
  z.strictObject({ do: z.literal('continue'), value: z.json() }),
  z.strictObject({ do: z.literal('goto'), node: nodeId }),
]);

const join = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('all') }),
  z.strictObject({ mode: z.literal('any') }),
  z.strictObject({ mode: z.literal('n'), count: count(LIMITS.fanoutTargets) }),
]);

const node = z.strictObject({
  id: nodeId,
  type: z.string().min(1).max(LIMITS.nameChars),
  config: jsonObject.default({}),
  durability: z.enum(GEARS).optional(),
  timeoutMs: count(LIMITS.stepTimeoutMs).optional(),
  retry: retry.optional(),
  onError: onError.optional(),
  join: join.optional(),
});

const edge = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('normal'), from: nodeId, to: nodeId }),
  z.strictObject({
    type: z.literal('conditional'),
    from: nodeId,
    cases: z
      .array(z.strictObject({ when: expression, to: nodeId }))
      .min(1)
      .max(LIMITS.conditionalCases),
    else: nodeId.optional(),
  }),
  z.strictObject({
    type: z.literal('fanout'),
    from: nodeId,
    to: z.array(nodeId).min(2).max(LIMITS.fanoutTargets),
  }),
]);

const channels = z.record(
  z.string().regex(CHANNEL),
  z.strictObject({ reducer: z.enum(REDUCERS), default: z.json().optional() }),
);

const budgets = z.strictObject({
  maxSteps: count(LIMITS.maxSteps).optional(),
  maxModelCalls: count(LIMITS.maxSteps).optional(),
  maxToolCalls: count(LIMITS.maxSteps).optional(),
  maxTokens: count(1_000_000_000).optional(),
  maxDurationMs: count(LIMITS.maxDurationMs).optional(),
});

const NETWORK_RULE =
  /^(?:pypi|npm|github|(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?)$/;
const PROGRAM = /^[A-Za-z0-9_.+-]{1,64}$/;
const MIN_MEMORY_MB = 64;

const sandbox = z.strictObject({
  level: z.enum(SANDBOX_LEVELS).optional(),
  image: z.enum(SANDBOX_IMAGES).optional(),
  limits: z
    .strictObject({
      memoryMb: z.number().int().min(MIN_MEMORY_MB).max(LIMITS.sandboxMemoryMb).optional(),
      cpus: z.number().min(0.1).max(LIMITS.sandboxCpus).optional(),
      pids: z.number().int().min(16).max(LIMITS.sandboxPids).optional(),
      diskMb: count(LIMITS.sandboxDiskMb).optional(),
    })
    .optional(),
  network: z
    .strictObject({
      allow: z.array(z.string().regex(NETWORK_RULE)).max(LIMITS.networkRules).optional(),
      maxBytes: count(LIMITS.networkBytes).optional(),
      maxRequests: count(LIMITS.networkRequests).optional(),
    })
    .optional(),
  programs: z.array(z.string().regex(PROGRAM)).max(LIMITS.sandboxPrograms).optional(),
  browser: z.strictObject({ engine: z.enum([...BROWSER_ENGINES, 'auto']) }).optional(),
});

const recall = z.strictObject({
  kinds: z.array(z.enum(MEMORY_KINDS)).min(1).max(MEMORY_KINDS.length).optional(),
  scopes: z.array(z.enum(MEMORY_SCOPES)).min(1).max(MEMORY_SCOPES.length).optional(),
  limit: count(LIMITS.recallHits).optional(),
  tokens: count(LIMITS.recallTokens).optional(),
  graph: z.boolean().optional(),
});

const memory = z
  .strictObject({
    recall: z.union([z.boolean(), recall]).optional(),
    learn: z
      .union([
        z.boolean(),
        z.strictObject({
          scope: z.enum(MEMORY_SCOPES).optional(),
          model: modelSpecSchema.optional(),
        }),
      ])
      .optional(),
    feedback: z.boolean().optional(),
    scopes: z.array(z.enum(MEMORY_SCOPES)).min(1).max(MEMORY_SCOPES.length).optional(),
  })
  .refine(
    ({ learn, scopes = USUAL_SCOPES }) =>
      typeof learn !== 'object' || learn.scope === undefined || scopes.includes(learn.scope),
    {
      path: ['learn', 'scope'],
      message: 'may not be learnt for: name it in memory.scopes too',
    },
  );

const knowledge = z.strictObject({
  bases: z.array(z.string().min(1).max(LIMITS.baseNameChars)).min(1).max(LIMITS.basesPerAgent),
  rag: z
    .union([
      z.boolean(),
      z.strictObject({
        limit: count(LIMITS.recallHits).optional(),
        tokens: count(LIMITS.recallTokens).optional(),
      }),
    ])
    .optional(),
});

const base = {
  input: schema.optional(),
  output: schema.optional(),
  budgets: budgets.optional(),
  sandbox: sandbox.optional(),
  memory: memory.optional(),
  knowledge: knowledge.optional(),
};

const shorthand = z.strictObject({
  ...base,
  model: modelSpecSchema,
  instructions: template,
  tools: z.array(toolUse).max(LIMITS.toolsPerAgent).default([]),
});

const full = z.strictObject({
  ...base,
  graph: z.strictObject({
    start: nodeId.optional(),
    nodes: z.array(node).min(1).max(LIMITS.graphNodes),
    edges: z.array(edge).max(LIMITS.graphNodes).default([]),
    channels: channels.optional(),
  }),
});

/** Parses what an author wrote: strict about unknown fields and limits, defaults filled in. */
export function parseAgentSpec(value: unknown): ParsedSpec {
  const shape = checkShape(value);
  if (shape.length > 0) return { problems: shape };
  const isGraph = isJsonObject(value) && 'graph' in value;
  const parsed = isGraph ? full.safeParse(value) : shorthand.safeParse(value);
  if (!parsed.success) return { problems: specProblems(parsed.error, value) };
  // Absent optional fields are left out by zod, never set to undefined.
  return { spec: parsed.data as AgentSpec };
}
