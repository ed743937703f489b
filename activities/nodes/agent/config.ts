import type { JsonSchema } from '../../../contracts/json.ts';
import type { ModelSpec, ToolUse } from '../../../contracts/agent-spec.ts';

/** Config of an `agent` node. */
export interface AgentConfig {
  readonly model: ModelSpec;
  /** Template. */
  readonly instructions: string;
  readonly tools?: readonly ToolUse[];
  /** Template of the user's message; the run's input by default. */
  readonly prompt?: string;
  readonly output?: JsonSchema;
  readonly save?: string;
  /** Model calls of one loop; 50 by default. */
  readonly maxTurns?: number;
}

/** Model calls of one loop, where the config names no number. */
export const DEFAULT_MAX_TURNS = 50;
