import type { Feedback } from '../contracts/feedback.ts';
import type { MemoryDraft } from '../contracts/recall.ts';
import type { Services } from './services.ts';
import type { Thread } from '../contracts/records.ts';

/**
 * Remembers what feedback says as a preference, if the agent of the conversation learns from it. A
 * judgement without words is kept but teaches nothing.
 */
export async function learnFromFeedback(
  services: Services,
  thread: Thread,
  feedback: Feedback,
): Promise<Feedback> {
  const { memory, versions } = services;
  const text = lessonOf(feedback);
  if (text === null) return feedback;
  const version = await versions.version(thread.workspaceId, thread.versionId);
  if (version.graph.memory?.feedback !== true) return feedback;
  const author = { actor: feedback.actor, why: `feedback ${feedback.id}` };
  const draft = toDraft(thread, feedback, text);
  const [learned] = await memory.remember(thread.workspaceId, [draft], author);
  if (learned === undefined || learned.kind === 'refused') return feedback;
  return services.feedback.setMemory(thread.workspaceId, feedback.id, learned.memory.id);
}

function lessonOf(feedback: Feedback): string | null {
  const { kind, value, comment } = feedback;
  const because = comment === '' ? '' : ` (${comment})`;
  if (kind === 'correction') return `An answer should have been: ${value}${because}`;
  if (comment === '') return null;
  return kind === 'thumb'
    ? `An answer was ${value === 'up' ? 'good' : 'bad'}: ${comment}`
    : `An answer was rated ${value} of 5: ${comment}`;
}

function toDraft(thread: Thread, feedback: Feedback, text: string): MemoryDraft {
  const { id, userId, runId, messageId, memoryId, createdAt } = feedback;
  return {
    kind: 'preference',
    text,
    scope: userId === null ? 'thread' : 'user',
    userId,
    agentId: thread.agentId,
    threadId: thread.id,
    origin: 'user',
    runId,
    messageId,
    key: `feedback:${id}:${createdAt}`,
    ...(memoryId === null ? {} : { contradicts: [memoryId] }),
  };
}
