import { APPROVAL_POLICIES } from '../../contracts/effect.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { MODEL_PROVIDERS } from '../../contracts/agent-spec.ts';
import { SANDBOX_LEVELS } from '../../contracts/sandbox.ts';
import type { CheckContext } from '../../engine/node-descriptor.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { Problem } from '../../contracts/problem.ts';

/** A CEL expression. */
export const EXPRESSION: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: LIMITS.expressionChars,
};

/** A text with `{{ CEL }}` placeholders. */
export const TEMPLATE: JsonSchema = { type: 'string', maxLength: LIMITS.instructionsBytes };

/** A JSON Schema that an author wrote. */
export const SCHEMA: JsonSchema = { type: ['object', 'boolean'] };

/** Name of a state channel. */
export const CHANNEL: JsonSchema = { type: 'string', minLength: 1, maxLength: LIMITS.nameChars };

/** Name of a tool. */
export const TOOL_NAME: JsonSchema = { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' };

/** Level of the sandbox that a tool runs in. */
export const SANDBOX_LEVEL: JsonSchema = { enum: [...SANDBOX_LEVELS] };

/** When a person must approve a call. */
export const APPROVAL: JsonSchema = { enum: [...APPROVAL_POLICIES] };

const SCRIPT_TURN: JsonSchema = {
  type: 'object',
  properties: {
    when: EXPRESSION,
    say: TEMPLATE,
    output: EXPRESSION,
    calls: EXPRESSION,
    call: {
      type: 'array',
      items: {
        type: 'object',
        properties: { tool: { type: 'string' }, arguments: { type: 'object' } },
        required: ['tool', 'arguments'],
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

/** Which model, and its settings. */
export const MODEL: JsonSchema = {
  type: 'object',
  properties: {
    provider: { enum: [...MODEL_PROVIDERS] },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    temperature: { type: 'number', minimum: 0, maximum: 2 },
    maxOutputTokens: { type: 'integer', minimum: 1 },
    silenceMs: { type: 'integer', minimum: 100 },
    script: { type: 'array', items: SCRIPT_TURN },
  },
  required: ['provider'],
  additionalProperties: false,
};

/** Problem of a channel that the graph does not declare. */
export function checkChannel(
  pointer: string,
  name: string | undefined,
  context: CheckContext,
): readonly Problem[] {
  if (name === undefined || context.hasChannel(name)) return [];
  const message = `there is no channel "${name}"; declare it under channels`;
  return [{ pointer, code: 'graph.unknown_channel', message }];
}

/** Problem of a tool that the installation does not have. */
export function checkTool(
  pointer: string,
  name: string,
  context: CheckContext,
): readonly Problem[] {
  if (context.tool(name) !== null) return [];
  const message = `there is no tool "${name}"; the catalogue lists those that exist`;
  return [{ pointer, code: 'tool.unknown', message }];
}

/** Problems of a schema, if there is one. */
export function checkOptionalSchema(
  pointer: string,
  schema: JsonSchema | undefined,
  context: CheckContext,
): readonly Problem[] {
  return schema === undefined ? [] : context.checkSchema(pointer, schema);
}

/** Problems of a template, if there is one. */
export function checkOptionalTemplate(
  pointer: string,
  text: Json | undefined,
  context: CheckContext,
): readonly Problem[] {
  return typeof text === 'string' ? context.checkTemplate(pointer, text) : [];
}
