/** An ingestion by its ids. */
export interface IngestionRef {
  readonly workspaceId: string;
  readonly documentId: string;
  readonly ingestionId: string;
}

/** Steers the workflows behind ingestions. */
export interface IngestionControl {
  /**
   * Starts the workflow of an ingestion that was written; starting it again does nothing. `closed`: it
   * was started before, and has closed. Throws `service.unavailable`.
   */
  start(ref: IngestionRef): Promise<'open' | 'closed'>;
  /** Asks the workflow to stop; it answers by ending the ingestion. Nothing, where it has ended. */
  cancel(ingestionId: string): Promise<void>;
}
