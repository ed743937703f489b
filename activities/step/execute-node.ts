import { AppError, toFailure, type Failure } from '../../contracts/app-error.ts';
import { guardJson } from './json-guard.ts';
import type { NodeContext, NodeResult, NodeType, Preparation } from '../nodes/node-type.ts';

/** How often the caller tries, and whether it has given up. */
export interface Patience {
  readonly tries: number;
  readonly maxAttempts: number;
  readonly giveUp: Failure | null;
}

/**
 * Executes a node. Throws what the caller should try again, and the reason of an abort; a final
 * failure is an answer: the node's own if it can recover.
 */
export async function executeNode(
  node: NodeType,
  context: NodeContext,
  patience: Patience,
): Promise<NodeResult> {
  if (patience.giveUp !== null) return recovered(node, context, patience.giveUp);
  try {
    context.signal.throwIfAborted();
    return guarded(await node.execute(context));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof AppError)) context.report({ error });
    const mayRetry = error instanceof AppError && error.retryable;
    if (mayRetry && patience.tries < patience.maxAttempts) throw error;
    return recovered(node, context, toFailure(error));
  }
}

async function recovered(
  node: NodeType,
  context: NodeContext,
  failure: Failure,
): Promise<NodeResult> {
  const answer = (await node.recover?.(context, failure)) ?? null;
  return answer ?? { kind: 'failed', error: failure };
}

/** A task's subject is shown and kept as it is; results are checked when they are stored. */
function guarded(result: NodeResult): NodeResult {
  if (result.kind === 'wait') {
    guardJson(result.task.subject, { what: "the task's subject", tooLarge: 'value.too_large' });
  }
  return result;
}

/** What the node wants kept. A final failure here comes again when it executes, and counts then. */
export async function prepareNode(node: NodeType, context: NodeContext): Promise<Preparation> {
  try {
    return (await node.prepare?.(context)) ?? { memo: {} };
  } catch (error) {
    if (error instanceof AppError && !error.retryable) return { memo: {} };
    throw error;
  }
}
