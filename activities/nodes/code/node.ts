import { CHANNEL, SANDBOX_LEVEL, checkChannel, checkTool } from '../config-schemas.ts';
import { CODE_LANGUAGES, type CodeLanguage } from '../../sandbox/code-cell.ts';
import {
  MAX_CODE_CHARS,
  MAX_SECONDS,
  STEP_CODE_TIMEOUT_MS,
  STEP_CODE_TOOL,
} from './run-step-code.ts';
import {
  SANDBOX_IMAGES,
  type SandboxImage,
  type SandboxLevel,
} from '../../../contracts/sandbox.ts';
import { TOOL_RETRY } from '../retry-policies.ts';
import { configSchema, readConfig, renderDeep, stringsOf } from '../config.ts';
import { executeCall, levelOf, prepareCall, recoverCall } from '../../tools/call-tool.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../contracts/json.ts';
import type { NodeContext, NodeResult, NodeType } from '../node-type.ts';
import type { ToolRequest } from '../../tools/call-tool.ts';

interface CodeConfig {
  readonly language: CodeLanguage;
  /** No template: values reach it as `input`. */
  readonly code: string;
  /** Strings may be templates; the run's input by default. */
  readonly input?: Json;
  /** Channel for what the code hands over. */
  readonly save?: string;
  readonly timeoutSeconds?: number;
  readonly image?: SandboxImage;
  /** The agent's by default. */
  readonly sandboxLevel?: SandboxLevel;
}

/** A piece of code as a node; code that ends otherwise than well fails the step. */
export const codeNode: NodeType = {
  type: 'code',
  description:
    'Runs code in the sandbox of the run. `input` is a variable, or the JSON file that ' +
    'HOLDFAST_INPUT names; the value of the last expression, or JSON written to the file that ' +
    'HOLDFAST_OUTPUT names, is `value` of the result.',
  configSchema: configSchema(
    {
      language: { enum: [...CODE_LANGUAGES] },
      code: { type: 'string', minLength: 1, maxLength: MAX_CODE_CHARS },
      input: true,
      save: CHANNEL,
      timeoutSeconds: { type: 'integer', minimum: 1, maximum: MAX_SECONDS },
      image: { enum: [...SANDBOX_IMAGES] },
      sandboxLevel: SANDBOX_LEVEL,
    },
    ['language', 'code'],
  ),
  defaultGear: 'step',
  // The code's own time limit strikes first.
  defaultTimeoutMs: STEP_CODE_TIMEOUT_MS + 5_000,
  defaultRetry: TOOL_RETRY,
  heartbeat: true,
  terminal: false,
  reserves: true,
  check(config, context) {
    const { input = null, save } = readConfig<CodeConfig>({ config });
    return [
      ...checkTool('', STEP_CODE_TOOL, context),
      ...checkChannel('/save', save, context),
      ...stringsOf(input, '/input').flatMap(([pointer, text]) =>
        context.checkTemplate(pointer, text),
      ),
    ];
  },
  async prepare(context) {
    const request = await requestOf(context);
    const { code: _code, ...shown } = request.arguments;
    return {
      ...(await prepareCall(context, request)),
      started: { tool: STEP_CODE_TOOL, arguments: shown },
    };
  },
  async execute(context) {
    const outcome = await executeCall(context, await requestOf(context));
    switch (outcome.kind) {
      case 'wait':
        return outcome;
      case 'error':
        return { kind: 'failed', error: outcome.error };
      case 'result':
        return finished(context, outcome.value);
    }
  },
  async recover(context, failure) {
    const outcome = recoverCall(context, await requestOf(context), failure);
    return outcome.kind === 'wait' ? outcome : null;
  },
};

async function requestOf(context: NodeContext): Promise<ToolRequest> {
  const config = readConfig<CodeConfig>(context);
  const { input, save: _save, sandboxLevel: _level, ...rest } = config;
  const given = input === undefined ? await context.input() : renderDeep(input, context.scope);
  const args: JsonObject = { ...rest, input: given };
  const request = {
    tool: STEP_CODE_TOOL,
    arguments: args,
    approval: 'never',
    offered: true,
  } as const;
  return { ...request, ...levelOf(config) };
}

function finished(context: NodeContext, result: Json): NodeResult {
  const { save } = readConfig<CodeConfig>(context);
  const value = isJsonObject(result) ? (result['value'] ?? null) : null;
  const deltas = save === undefined ? [] : [{ channel: save, value }];
  return { kind: 'done', result, deltas };
}
