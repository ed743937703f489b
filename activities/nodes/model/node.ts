import {
  CHANNEL,
  MODEL,
  SCHEMA,
  TEMPLATE,
  checkChannel,
  checkOptionalSchema,
  checkOptionalTemplate,
} from '../config-schemas.ts';
import { MODEL_RETRY } from '../retry-policies.ts';
import { callModel } from '../call-model.ts';
import { checkScript } from '../check-script.ts';
import { configSchema, readConfig, renderText } from '../config.ts';
import { inputText, messageDelta, openingMessages, ownMessages } from '../conversation.ts';
import type { Delta } from '../../../contracts/step.ts';
import type { Json, JsonSchema } from '../../../contracts/json.ts';
import type { Message } from '../../../contracts/message.ts';
import type { ModelSpec } from '../../../contracts/agent-spec.ts';
import type { NodeContext, NodeType } from '../node-type.ts';

interface ModelConfig {
  readonly model: ModelSpec;
  readonly instructions?: string;
  readonly prompt?: string;
  readonly output?: JsonSchema;
  readonly save?: string;
  readonly history?: boolean;
}

const TIMEOUT_MS = 600_000;

/** One call of a model. With history it speaks in the run's conversation, else on its own. */
export const modelNode: NodeType = {
  type: 'model',
  description: 'Calls a model once; its text or structured output is the result.',
  configSchema: configSchema(
    {
      model: MODEL,
      instructions: TEMPLATE,
      prompt: TEMPLATE,
      output: SCHEMA,
      save: CHANNEL,
      history: { type: 'boolean' },
    },
    ['model'],
  ),
  defaultGear: 'step',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: MODEL_RETRY,
  heartbeat: true,
  terminal: false,
  reserves: true,
  resultRole: () => 'answer',
  check(config, context) {
    const given = readConfig<ModelConfig>({ config });
    return [
      ...checkScript('/model/script', given.model.script, context),
      ...checkOptionalTemplate('/instructions', given.instructions, context),
      ...checkOptionalTemplate('/prompt', given.prompt, context),
      ...checkOptionalSchema('/output', given.output, context),
      ...checkChannel('/save', given.save, context),
    ];
  },
  async execute(context) {
    const config = readConfig<ModelConfig>(context);
    const history = config.history ?? config.prompt === undefined;
    const prompt = promptOf(context, config);
    const before = history ? await historyOf(context, prompt === null) : [];
    const asked = prompt ?? (history ? null : await inputMessage(context));
    const answer = await callModel(context, {
      model: config.model,
      instructions: config.instructions ?? '',
      messages: asked === null ? before : [...before, asked],
      tools: [],
      output: config.output,
    });
    const said: readonly Message[] = [
      ...(prompt === null ? [] : [prompt]),
      { role: 'assistant', content: answer.value },
    ];
    return {
      kind: 'done',
      result: answer.value,
      deltas: [...(history ? said.map(messageDelta) : []), ...saved(config.save, answer.value)],
      usage: answer.stepUsage,
      model: answer.model,
    };
  },
};

function promptOf(context: NodeContext, config: ModelConfig): Message | null {
  if (config.prompt === undefined) return null;
  return { role: 'user', content: renderText(config.prompt, context.scope) };
}

async function historyOf(context: NodeContext, withInput: boolean): Promise<readonly Message[]> {
  return [...(await openingMessages(context, withInput)), ...(await ownMessages(context))];
}

async function inputMessage(context: NodeContext): Promise<Message> {
  return { role: 'user', content: inputText(await context.input()) };
}

function saved(channel: string | undefined, value: Json): readonly Delta[] {
  return channel === undefined ? [] : [{ channel, value }];
}
