/**
 * The process in which one document is read, or where a page leads. It gets a line that describes the
 * document and then its bytes, answers with one line of JSON, and ends. It has no environment, no network where the host can
 * take it away, and may read the parsers' code only.
 */
import { AppError, toFailure, type Failure } from '../../../contracts/app-error.ts';
import { isOutOfRoom } from './out-of-room.ts';
import { parseDocument, parsePageLinks } from '../formats/parse-document.ts';
import type { PageLinks } from '../../../contracts/page-links.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

const NEWLINE = 0x0a;

async function readInput(): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** What a library throws at a document that it cannot read says nothing about us. */
function failureOf(error: unknown): Failure {
  if (error instanceof AppError) return toFailure(error);
  return { code: 'knowledge.unreadable', message: 'the document is broken' };
}

type Answer = ParsedDocument | PageLinks | { readonly failure: Failure };

async function answer(input: Buffer): Promise<Answer> {
  const end = input.indexOf(NEWLINE);
  const header = JSON.parse(input.toString('utf8', 0, end)) as {
    readonly mediaType: string;
    readonly name: string;
    readonly wanted: 'document' | 'links';
  };
  try {
    const read = header.wanted === 'links' ? parsePageLinks : parseDocument;
    return await read(input.subarray(end + 1), header);
  } catch (error) {
    // Ends the process with the sentence by which its starter knows the reason.
    if (isOutOfRoom(error)) throw error;
    return { failure: failureOf(error) };
  }
}

const text = JSON.stringify(await answer(await readInput()));
process.stdout.write(text, () => process.exit(0));
