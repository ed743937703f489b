import type { DocumentParser } from './port.ts';
import { knownFormat } from './formats/format.ts';
import { parseDocument, parsePageLinks } from './formats/parse-document.ts';

/** Reads documents in this process: for tests and benches, and for bytes that are our own. */
export function createInlineParser(): DocumentParser {
  return {
    parse: async (bytes, source) => {
      source.signal?.throwIfAborted();
      return parseDocument(bytes, source);
    },
    links: async (bytes, source) => {
      source.signal?.throwIfAborted();
      return parsePageLinks(bytes, source);
    },
    formatOf: knownFormat,
  };
}
