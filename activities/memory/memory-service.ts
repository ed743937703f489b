import type {
  KnowledgeAnswer,
  KnowledgeRequest,
  Learned,
  MemoryAnswer,
  MemoryDraft,
  MemoryFeedback,
  PromptContext,
  RecallRequest,
  SweepReport,
} from '../../contracts/recall.ts';
import type { Memory, MemoryAuthor } from '../../contracts/memory.ts';

/** What was found for one prompt. */
export interface FoundForPrompt {
  readonly memories?: MemoryAnswer;
  readonly knowledge?: KnowledgeAnswer;
}

/**
 * Long-term memory as agents and people use it. What is visible is decided by the owner of a request
 * and never by its filters. A process sees its own writes at once, those of others within a second.
 */
export interface MemoryService {
  /** Throws `memory.invalid`. */
  recall(workspaceId: string, request: RecallRequest): Promise<MemoryAnswer>;
  /** Throws `memory.invalid`. */
  searchKnowledge(workspaceId: string, request: KnowledgeRequest): Promise<KnowledgeAnswer>;
  /**
   * Learns memories, `LIMITS.memoryBatch` at most: what is known already is not written again, what a
   * draft contradicts ends. Each draft has its answer; one that is refused does not keep the others.
   */
  remember(
    workspaceId: string,
    drafts: readonly MemoryDraft[],
    author: MemoryAuthor,
  ): Promise<readonly Learned[]>;
  /**
   * What was found as text for a prompt, marked as untrusted data, with citations; best first, until
   * the budget is used. `learnableText` in contracts/recalled-text.ts takes it out of a text again.
   */
  forPrompt(found: FoundForPrompt, tokenBudget: number): PromptContext;
  /** Throws `memory.not_found`. */
  feedback(workspaceId: string, feedback: MemoryFeedback, author: MemoryAuthor): Promise<Memory>;
  /**
   * Summarises and archives memories that have faded, and deletes what was archived long enough ago;
   * reads `limit` due ones at most. Run it again while `more` is true.
   */
  sweep(workspaceId: string, limit: number): Promise<SweepReport>;
  /** Workspaces that a sweep has something to do for. */
  workspacesDue(): Promise<readonly string[]>;
}
