/** A document that was read from its address. */
export interface FetchedDocument {
  /** Where it was in the end, after redirections. */
  readonly url: string;
  /** As the server declares it. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a document of the public web, `LIMITS.documentBytes` at most. Throws
 * `knowledge.source_refused` for an address that must not be asked or sends what is not taken,
 * `tool.failed` for one that does not answer with a document.
 */
export type FetchDocument = (url: string, signal: AbortSignal) => Promise<FetchedDocument>;
