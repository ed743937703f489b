import { CHANNEL, EXPRESSION, checkChannel } from '../config-schemas.ts';
import { PURE_RETRY } from '../retry-policies.ts';
import { configSchema, escapePointer, readConfig, rootsOf } from '../config.ts';
import { evaluate } from '../../../engine/expression.ts';
import type { Json } from '../../../contracts/json.ts';
import type { NodeType } from '../node-type.ts';

interface SetConfig {
  /** Channel to CEL expression. */
  readonly values: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;

/** Writes values of expressions to channels; all see the state before the node. */
export const setNode: NodeType = {
  type: 'set',
  description: 'Writes the values of expressions to channels of the state.',
  configSchema: configSchema(
    {
      values: {
        type: 'object',
        propertyNames: CHANNEL,
        additionalProperties: EXPRESSION,
      },
    },
    ['values'],
  ),
  defaultGear: 'segment',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: PURE_RETRY,
  heartbeat: false,
  terminal: false,
  reserves: false,
  check(config, context) {
    const { values } = readConfig<SetConfig>({ config });
    return Object.entries(values).flatMap(([channel, text]) => {
      const pointer = `/values/${escapePointer(channel)}`;
      return [
        ...checkChannel(pointer, channel, context),
        ...context.checkExpression(pointer, text),
      ];
    });
  },
  async execute(context) {
    const { values } = readConfig<SetConfig>(context);
    const roots = rootsOf(context.scope);
    const result: Record<string, Json> = {};
    for (const [channel, text] of Object.entries(values)) result[channel] = evaluate(text, roots);
    const deltas = Object.entries(result).map(([channel, value]) => ({ channel, value }));
    return { kind: 'done', result, deltas };
  },
};
