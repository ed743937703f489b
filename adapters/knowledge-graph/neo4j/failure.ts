import { AppError } from '../../../contracts/app-error.ts';
import neo4j from 'neo4j-driver';

const AWAY = new Set(['ServiceUnavailable', 'SessionExpired', 'ProtocolError']);
const SECURITY = 'Neo.ClientError.Security.';
/** It says no more than that too many failed; the password that is meant may be right. */
const RATE_LIMIT = 'Neo.ClientError.Security.AuthenticationRateLimit';
const TIMED_OUT = 'Neo.ClientError.Transaction.TransactionTimedOut';

/** A fault of Neo4j or its driver as one of ours; what is not theirs stays what it is. */
export function toAppError(error: unknown): unknown {
  if (!(error instanceof neo4j.Neo4jError)) return error;
  const { code } = error;
  if (code.startsWith(SECURITY) && code !== RATE_LIMIT) {
    const sentence = 'Neo4j refuses the user and the password that it is given';
    return new AppError('knowledge_graph.refused', sentence, { cause: error });
  }
  if (AWAY.has(code) || code === RATE_LIMIT || code.startsWith(TIMED_OUT) || error.retryable) {
    const sentence = 'Neo4j does not answer now; try again';
    return new AppError('knowledge_graph.unavailable', sentence, { cause: error });
  }
  const sentence = `Neo4j failed with ${code}`;
  return new AppError('knowledge_graph.failed', sentence, { cause: error });
}
