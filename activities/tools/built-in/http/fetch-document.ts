import { AppError } from '../../../../contracts/app-error.ts';
import type { FetchDocument, FetchedDocument } from '../../../../contracts/document-fetch.ts';
import { guardedGet, type GuardedAnswer, type GuardedGetConfig } from './guarded-get.ts';
import { LIMITS } from '../../../../contracts/limits.ts';

const OK = 200;

/** Reads documents of the public web and of the operator's exempt services. */
export function createFetchDocument(config: GuardedGetConfig): FetchDocument {
  return async (url, signal) => {
    const wanted = { url, accept: '*/*', maxBytes: LIMITS.documentBytes, signal };
    try {
      return await guardedGet(wanted, config, readDocument);
    } catch (error) {
      throw toRefusal(error);
    }
  };
}

async function readDocument(answer: GuardedAnswer): Promise<FetchedDocument> {
  if (answer.status !== OK) {
    throw new AppError('tool.failed', `${answer.url.host} answers with ${answer.status}`);
  }
  const bytes = await answer.bytes();
  const mediaType = answer.contentType || 'application/octet-stream';
  return { url: answer.url.href, mediaType, bytes };
}

/** Who adds a document calls no tool: what it may not be read from has a code of its own. */
function toRefusal(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'tool.refused') return error;
  return new AppError('knowledge.source_refused', error.message, { cause: error });
}
