import { ANY_FORM, DECISION_KINDS, type DecisionKind } from '../../../contracts/human-task.ts';
import { AppError } from '../../../contracts/app-error.ts';
import {
  CHANNEL,
  EXPRESSION,
  SCHEMA,
  TEMPLATE,
  checkChannel,
  checkOptionalSchema,
  checkOptionalTemplate,
} from '../config-schemas.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { PURE_RETRY } from '../retry-policies.ts';
import { configSchema, readConfig, renderText, rootsOf } from '../config.ts';
import { evaluate } from '../../../engine/expression.ts';
import { taskIdOf } from '../task-id.ts';
import type { JsonObject, JsonSchema } from '../../../contracts/json.ts';
import type { NodeContext, NodeResult, NodeType, SettledWait } from '../node-type.ts';

interface HumanConfig {
  /** Template. */
  readonly title: string;
  /** Template. */
  readonly description?: string;
  /** CEL: what the person decides on. */
  readonly subject?: string;
  readonly form?: JsonSchema;
  readonly allow: readonly DecisionKind[];
  readonly assignees?: readonly string[];
  readonly timeoutMs?: number;
  readonly onTimeout?: 'fail' | 'continue';
  readonly save?: string;
}

const TIMEOUT_MS = 10_000;
const MAX_ASSIGNEES = 100;
const ASSIGNEE_CHARS = 200;

/**
 * Asks a person and waits. The result says `decision`, `value`, `reason` and `by`; an approval's
 * value is the subject, so that `result.value` is what counts after approvals and edits alike.
 */
export const humanNode: NodeType = {
  type: 'human',
  description: 'Asks a person to approve, edit, reject or answer, and waits as long as it takes.',
  configSchema: configSchema(
    {
      title: { ...stringOf(1), maxLength: LIMITS.expressionChars },
      description: TEMPLATE,
      subject: EXPRESSION,
      form: SCHEMA,
      allow: {
        type: 'array',
        items: { enum: [...DECISION_KINDS] },
        minItems: 1,
        uniqueItems: true,
      },
      assignees: {
        type: 'array',
        items: { ...stringOf(1), maxLength: ASSIGNEE_CHARS },
        maxItems: MAX_ASSIGNEES,
      },
      timeoutMs: { type: 'integer', minimum: 1, maximum: LIMITS.humanTaskTimeoutMs },
      onTimeout: { enum: ['fail', 'continue'] },
      save: CHANNEL,
    },
    ['title', 'allow'],
  ),
  defaultGear: 'segment',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: PURE_RETRY,
  heartbeat: false,
  terminal: false,
  reserves: true,
  check(config, context) {
    const given = readConfig<HumanConfig>({ config });
    return [
      ...context.checkTemplate('/title', given.title),
      ...checkOptionalTemplate('/description', given.description, context),
      ...(given.subject === undefined ? [] : context.checkExpression('/subject', given.subject)),
      ...checkOptionalSchema('/form', given.form, context),
      ...checkChannel('/save', given.save, context),
    ];
  },
  async execute(context) {
    return context.settled === null ? ask(context) : answer(context, context.settled);
  },
};

function stringOf(minLength: number): JsonObject {
  return { type: 'string', minLength };
}

function ask(context: NodeContext): NodeResult {
  const config = readConfig<HumanConfig>(context);
  const { scope, now } = context;
  return {
    kind: 'wait',
    memo: {},
    task: {
      id: taskIdOf(context, 'review'),
      kind: 'review',
      title: renderText(config.title, scope),
      description: renderText(config.description ?? '', scope),
      subject: config.subject === undefined ? null : evaluate(config.subject, rootsOf(scope)),
      form: config.form ?? ANY_FORM,
      allowed: config.allow,
      assignees: config.assignees ?? [],
      deadlineAt: config.timeoutMs === undefined ? null : now + config.timeoutMs,
    },
  };
}

async function answer(context: NodeContext, settled: SettledWait): Promise<NodeResult> {
  const config = readConfig<HumanConfig>(context);
  const result = await resultOf(context, settled);
  if (result['decision'] === 'timeout' && config.onTimeout !== 'continue') {
    throw new AppError('human_task.expired', 'nobody decided in time');
  }
  const deltas = config.save === undefined ? [] : [{ channel: config.save, value: result }];
  return { kind: 'done', result, deltas };
}

async function resultOf(
  context: NodeContext,
  { task, settlement }: SettledWait,
): Promise<JsonObject> {
  if (settlement.by === 'timeout') {
    return { decision: 'timeout', value: null, reason: null, by: null };
  }
  const { decision } = settlement;
  const given = decision.value ?? (decision.kind === 'approve' ? task.subject : null);
  return {
    decision: decision.kind,
    value: await context.resolve(given),
    reason: decision.reason ?? null,
    by: decision.decidedBy,
  };
}
