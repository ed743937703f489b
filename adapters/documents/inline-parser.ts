import type { DocumentParser } from './port.ts';
import { parseDocument } from './formats/parse-document.ts';

/** Reads documents in this process: for tests and benches, and for bytes that are our own. */
export function createInlineParser(): DocumentParser {
  return {
    parse: async (bytes, source) => {
      source.signal?.throwIfAborted();
      return parseDocument(bytes, source);
    },
  };
}
