import { EXPRESSION } from '../config-schemas.ts';
import { PURE_RETRY } from '../retry-policies.ts';
import { configSchema, readConfig, rootsOf } from '../config.ts';
import { evaluate } from '../../../engine/expression.ts';
import type { NodeType } from '../node-type.ts';

interface OutputConfig {
  readonly value: string;
}

const TIMEOUT_MS = 10_000;

/** Sets the run's output; the last one in the graph's order counts. */
export const outputNode: NodeType = {
  type: 'output',
  description: "Sets the run's output to the value of an expression.",
  configSchema: configSchema({ value: EXPRESSION }, ['value']),
  defaultGear: 'segment',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: PURE_RETRY,
  heartbeat: false,
  terminal: false,
  reserves: false,
  resultRole: () => 'output',
  check: (config, context) =>
    context.checkExpression('/value', readConfig<OutputConfig>({ config }).value),
  async execute(context) {
    const value = evaluate(readConfig<OutputConfig>(context).value, rootsOf(context.scope));
    return { kind: 'done', result: value };
  },
};
