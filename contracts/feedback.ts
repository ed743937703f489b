/** What a person can say about an answer. */
export const FEEDBACK_KINDS = ['thumb', 'rating', 'correction'] as const;
/** What a person can say about an answer. */
export type FeedbackKind = (typeof FEEDBACK_KINDS)[number];

/** A judgement of a message. */
export type FeedbackValue =
  | { readonly kind: 'thumb'; readonly value: 'up' | 'down' }
  /** From 1 to 5. */
  | { readonly kind: 'rating'; readonly value: number }
  /** What the message should have said. */
  | { readonly kind: 'correction'; readonly value: string };

/** What a person has said about a message of a conversation. */
export type Feedback = FeedbackValue & {
  readonly id: string;
  readonly workspaceId: string;
  readonly threadId: string;
  readonly messageId: string;
  /** The run that wrote the message; null for what people wrote. */
  readonly runId: string | null;
  readonly userId: string | null;
  readonly comment: string;
  /** The preference that was learnt from it; null where the agent learns nothing. */
  readonly memoryId: string | null;
  readonly actor: string;
  readonly createdAt: string;
};
