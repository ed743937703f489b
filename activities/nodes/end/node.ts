import { EXPRESSION } from '../config-schemas.ts';
import { PURE_RETRY } from '../retry-policies.ts';
import { configSchema, readConfig, rootsOf } from '../config.ts';
import { evaluate } from '../../../engine/expression.ts';
import type { NodeType } from '../node-type.ts';

interface EndConfig {
  readonly value?: string;
}

const TIMEOUT_MS = 10_000;

/** Ends a branch; with a value it sets the run's output too. */
export const endNode: NodeType = {
  type: 'end',
  description: "Ends a branch, and the run once no branch is left; may set the run's output.",
  configSchema: configSchema({ value: EXPRESSION }),
  defaultGear: 'segment',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: PURE_RETRY,
  heartbeat: false,
  terminal: true,
  reserves: false,
  resultRole: (config) => (readConfig<EndConfig>({ config }).value === undefined ? null : 'output'),
  check(config, context) {
    const { value } = readConfig<EndConfig>({ config });
    return value === undefined ? [] : context.checkExpression('/value', value);
  },
  async execute(context) {
    const { value } = readConfig<EndConfig>(context);
    if (value === undefined) return { kind: 'done', result: null };
    return { kind: 'done', result: evaluate(value, rootsOf(context.scope)) };
  },
};
