import { executeCall, prepareCall } from '../tools/call-tool.ts';
import { MEMORY_SCOPES } from '../../contracts/memory.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { NodeContext, NodeResult, Preparation } from './node-type.ts';

/** A tool of memory as a node calls it. */
interface MemoryCall {
  readonly tool: string;
  readonly arguments: JsonObject;
}

/** What is kept before the call acts. */
export function prepareMemoryTool(context: NodeContext, call: MemoryCall): Promise<Preparation> {
  return prepareCall(context, { ...call, approval: 'never', offered: true });
}

/** Calls the tool; its result is the node's, also written to a channel if one is named. */
export async function callMemoryTool(
  context: NodeContext,
  call: MemoryCall,
  save: string | undefined,
): Promise<NodeResult> {
  const outcome = await executeCall(context, {
    ...call,
    approval: 'never',
    offered: true,
    // Whom a node writes for stands in its config: the author has decided it, and no model can.
    memoryScopes: MEMORY_SCOPES,
  });
  switch (outcome.kind) {
    case 'wait':
      return outcome;
    case 'error':
      return { kind: 'failed', error: outcome.error };
    case 'result': {
      const { value } = outcome;
      const deltas = save === undefined ? [] : [{ channel: save, value }];
      return { kind: 'done', result: value, deltas };
    }
  }
}
