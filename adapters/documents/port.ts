import type { DocumentFormat } from './formats/format.ts';
import type { PageLinks } from '../../contracts/page-links.ts';
import type { ParsedDocument } from '../../contracts/parsed-document.ts';

/** What is known of a document's bytes besides themselves. */
export interface DocumentSource {
  /** As it was declared, parameters included. */
  readonly mediaType: string;
  /** The name of its file or its address: decides where the media type does not. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** Makes text of documents. */
export interface DocumentParser {
  /**
   * Throws `knowledge.unsupported_type`, `knowledge.unreadable`, `knowledge.encrypted`,
   * `knowledge.empty`, `knowledge.too_large`, `knowledge.too_costly`; the signal's reason when it aborts.
   */
  parse(bytes: Uint8Array, source: DocumentSource): Promise<ParsedDocument>;
  /** Where an HTML page leads. Throws as `parse` does, but for a page without text. */
  links(bytes: Uint8Array, source: DocumentSource): Promise<PageLinks>;
  /** What such a document would be read as; null: it is not read. */
  formatOf(source: Pick<DocumentSource, 'mediaType' | 'name'>): DocumentFormat | null;
}
