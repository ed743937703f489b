/** One thing wrong with a document, and where. */
export interface Problem {
  /** JSON pointer into the document; empty means the whole. */
  readonly pointer: string;
  /** Stable, `subject.reason`. */
  readonly code: string;
  /** A sentence that says what is wrong and what to do. */
  readonly message: string;
}
