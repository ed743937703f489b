/** How often a service is asked, how long it may take and how much it may answer. */
export interface CallPolicy {
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly firstPauseMs: number;
  /** A service that asks for a longer wait is left to the caller. */
  readonly longestPauseMs: number;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly answerBytes: number;
}

/** For services that embed or rank a batch of texts. */
export const CALL_POLICY: CallPolicy = {
  attempts: 4,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  timeoutMs: 60_000,
  answerBytes: 64 * 1_024 * 1_024,
};

/** A service that takes JSON and answers with JSON. */
export interface JsonService {
  /** For messages. */
  readonly name: string;
  /** What to do when it refuses the credentials. */
  readonly remedy: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What no message may hold. */
  readonly secrets: readonly string[];
  readonly policy: CallPolicy;
}

/** What it is asked. */
export interface JsonCall {
  readonly body: object;
  /** What of the body a message may not quote. */
  readonly texts: readonly string[];
  readonly signal: AbortSignal | null;
}
