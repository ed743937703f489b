import type { Failure } from '../../contracts/app-error.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';

/** What cutting a document came to. */
export interface CutResult {
  readonly chunks: number;
  /** Of these the text is new. */
  readonly added: number;
}

/** Asks for the vectors that pieces of a document lack. */
export interface EmbedArgs extends IngestionRef {
  /** How many are expected. */
  readonly expected: number;
}

/** How an ingestion went, as its workflow saw it. */
export type IngestionOutcome =
  | { readonly state: 'succeeded' | 'cancelled' }
  | { readonly state: 'failed'; readonly failure: Failure };

/** Ends an ingestion. */
export interface EndIngestionArgs extends IngestionRef {
  readonly outcome: IngestionOutcome;
}

/** The ingestion of contents that have come meanwhile, for the same workflow to go on with. */
export interface EndIngestionResult {
  readonly next: IngestionRef | null;
}

/** The activities of an ingestion, as its workflow calls them. Each may run twice. */
export interface IngestionActivities {
  /** Reads the document's bytes and makes its pieces what they say. */
  readonly cutDocument: (ref: IngestionRef) => Promise<CutResult>;
  /** Makes the vectors that its pieces lack, a batch at a time; answers with how many. */
  readonly embedDocument: (args: EmbedArgs) => Promise<number>;
  /** Whether all of its pieces are in the indexes; waits for a while. */
  readonly awaitIndexed: (ref: IngestionRef) => Promise<boolean>;
  /** Notes the end; nothing to note where the document is gone. */
  readonly endIngestion: (args: EndIngestionArgs) => Promise<EndIngestionResult>;
}
