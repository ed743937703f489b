/** What a part of a document is. */
export type BlockKind = 'heading' | 'paragraph' | 'list' | 'code' | 'table';

/** A part of a document, by its place in the document's text. */
export interface TextBlock {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** From 1; null where the document has no pages. */
  readonly page: number | null;
  /** Of a heading, from 1, the outermost, to 6. */
  readonly level?: number;
  /** Of a heading: what it says, without marks. */
  readonly title?: string;
}

/** A document as text. */
export interface ParsedDocument {
  /** What it calls itself; null if it does not. */
  readonly title: string | null;
  /** Well-formed and without NUL, so that every database keeps it as it is. */
  readonly text: string;
  /** In the order of the text; they do not overlap, and only white space lies between them. */
  readonly blocks: readonly TextBlock[];
  /** How many pages it has; null if it has none. */
  readonly pages: number | null;
}
