import type { DocumentParser, DocumentSource } from './port.ts';
import { startChild, type ChildEnd, type ChildLimits } from './child-process.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Failure } from '../../contracts/app-error.ts';
import { isErrorCode } from '../../contracts/errors.ts';
import { knownFormat } from './formats/format.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { PageLinks } from '../../contracts/page-links.ts';
import type { ParsedDocument } from '../../contracts/parsed-document.ts';
import { Places } from './places.ts';

/** How documents are read. */
export interface ProcessParserOptions {
  /** Processes at once; 2 by default. */
  readonly concurrent?: number;
  readonly limits?: Partial<ChildLimits>;
  /** What the processes run instead of the parsers: tests try to break out. */
  readonly main?: string;
}

/** Room for the text in its longest spelling and for the blocks. */
const OUTPUT_BYTES = 96 * 1024 * 1024;

/** Reads each document in a process of its own, which is killed when it takes too much. */
export function createProcessParser(options: ProcessParserOptions = {}): DocumentParser {
  const places = new Places(options.concurrent ?? 2);
  const limits: ChildLimits = {
    deadlineMs: LIMITS.documentParseMs,
    memoryMb: LIMITS.documentParserMb,
    outputBytes: OUTPUT_BYTES,
    ...options.limits,
  };
  const read = async (
    bytes: Uint8Array,
    source: DocumentSource,
    wanted: Wanted,
  ): Promise<Answer> => {
    checkSize(bytes);
    const leave = await places.enter(source.signal);
    try {
      const end = await startChild({
        input: toInput(bytes, source, wanted),
        limits,
        ...(source.signal === undefined ? {} : { signal: source.signal }),
        ...(options.main === undefined ? {} : { main: options.main }),
      });
      return readAnswer(end, limits);
    } finally {
      leave();
    }
  };
  return {
    async parse(bytes, source) {
      const answer = await read(bytes, source, 'document');
      if (!('text' in answer)) throw unexpected();
      return answer;
    },
    async links(bytes, source) {
      const answer = await read(bytes, source, 'links');
      if (!('hrefs' in answer)) throw unexpected();
      return answer;
    },
    formatOf: knownFormat,
  };
}

type Wanted = 'document' | 'links';
type Answer = ParsedDocument | PageLinks;

function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= LIMITS.documentBytes) return;
  throw new AppError('knowledge.too_large', `a document has ${LIMITS.documentBytes} bytes at most`);
}

function toInput(
  bytes: Uint8Array,
  { mediaType, name }: DocumentSource,
  wanted: Wanted,
): readonly Uint8Array[] {
  return [Buffer.from(`${JSON.stringify({ mediaType, name, wanted })}\n`), bytes];
}

function readAnswer(end: ChildEnd, limits: ChildLimits): Answer {
  switch (end.kind) {
    case 'answered':
      return toAnswer(end.output);
    case 'late':
      throw tooCostly(`takes longer than ${limits.deadlineMs / 1_000} s`);
    case 'out_of_memory':
      throw tooCostly(`needs more than ${limits.memoryMb} MB`);
    case 'talkative': {
      const limit = LIMITS.documentTextChars;
      throw new AppError('knowledge.too_large', `a document has ${limit} characters at most`);
    }
    case 'broken':
      throw new AppError('knowledge.parser_failed', `the reading process ended: ${end.how}`);
  }
}

function tooCostly(why: string): AppError {
  return new AppError('knowledge.too_costly', `reading the document ${why}; divide it`);
}

/** The answer comes from our own code, but a parser may have been made to write something else. */
function toAnswer(output: string): Answer {
  const answer = parseAnswer(output);
  if (!('failure' in answer)) return answer;
  const { code, message } = answer.failure;
  if (!isErrorCode(code)) throw unexpected();
  throw new AppError(code, message);
}

function parseAnswer(output: string): Answer | { readonly failure: Failure } {
  try {
    const answer = JSON.parse(output) as Partial<ParsedDocument & PageLinks> &
      Partial<Record<'failure', unknown>>;
    const document = typeof answer.text === 'string' && Array.isArray(answer.blocks);
    const links = Array.isArray(answer.hrefs) && answer.hrefs.every(isText);
    if (document || links || typeof answer.failure === 'object') return answer as Answer;
  } catch (cause) {
    throw unexpected(cause);
  }
  throw unexpected();
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function unexpected(cause?: unknown): AppError {
  return new AppError('knowledge.parser_failed', 'the reading process answered with no document', {
    cause,
  });
}
