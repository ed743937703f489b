import { LIMITS } from '../../contracts/limits.ts';
import { taskIdOf } from '../nodes/task-id.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';
import type { JsonObject, JsonSchema } from '../../contracts/json.ts';
import type { NodeContext } from '../nodes/node-type.ts';
import type { Tool } from './tool.ts';

const TITLE_CHARS = 200;

/** Form of the question whether a call happened. */
const HAPPENED_FORM: JsonSchema = {
  type: 'object',
  properties: {
    happened: { type: 'boolean', description: 'False: it is executed again' },
    result: { description: "If it happened: the tool's result, any JSON" },
  },
  required: ['happened'],
  additionalProperties: false,
};

/** Asks a person to approve a tool call, to edit its arguments or to reject it. */
export function approvalTask(context: NodeContext, tool: Tool, args: JsonObject): HumanTaskDraft {
  return {
    id: taskIdOf(context, 'approval'),
    kind: 'tool_approval',
    title: `Approve ${tool.name}`,
    description: tool.description,
    subject: { tool: tool.name, arguments: args },
    form: tool.parameters,
    allowed: ['approve', 'edit', 'reject'],
    assignees: [],
    deadlineAt: null,
  };
}

/** Asks a person whether a call that got lost has happened. */
export function unknownOutcomeTask(
  context: NodeContext,
  call: { readonly tool: Tool; readonly args: JsonObject; readonly round: number },
): HumanTaskDraft {
  return {
    id: taskIdOf(context, `unknown:${call.round}`),
    kind: 'unknown_outcome',
    title: `Did ${call.tool.name} happen?`,
    description:
      `The call of ${call.tool.name} was interrupted after it may have acted. Check the other ` +
      'system: if it happened, give its result; if not, it is executed again.',
    subject: { tool: call.tool.name, arguments: call.args },
    form: HAPPENED_FORM,
    allowed: ['answer', 'reject'],
    assignees: [],
    deadlineAt: null,
  };
}

/** Puts a model's question to a person. */
export function questionTask(context: NodeContext, args: JsonObject): HumanTaskDraft {
  const question = typeof args['question'] === 'string' ? args['question'] : '';
  return {
    id: taskIdOf(context, 'question'),
    kind: 'question',
    title: question.slice(0, TITLE_CHARS),
    description: question,
    subject: args['context'] ?? null,
    form: formOf(args),
    allowed: ['answer'],
    assignees: [],
    deadlineAt: null,
  };
}

/** The form that a question's arguments ask for; text if they ask for none. */
export function formOf(args: JsonObject): JsonSchema {
  const form = args['form'];
  const isSchema = typeof form === 'object' && form !== null && !Array.isArray(form);
  return isSchema ? (form as JsonObject) : { type: 'string' };
}

/** True when the form is too large to be kept with a task. */
export function isFormTooLarge(form: JsonSchema): boolean {
  return Buffer.byteLength(JSON.stringify(form)) > LIMITS.formBytes;
}
