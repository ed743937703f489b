import { AppError } from '../../../../contracts/app-error.ts';
import type { FetchDocument } from '../../../../contracts/document-fetch.ts';
import { guardedGet, type GuardedGetConfig } from './guarded-get.ts';
import { LIMITS } from '../../../../contracts/limits.ts';

const OK = 200;

/** Reads documents of the public web and of the operator's exempt services. */
export function createFetchDocument(config: GuardedGetConfig): FetchDocument {
  return (url, signal) =>
    guardedGet(
      { url, accept: '*/*', maxBytes: LIMITS.documentBytes, signal },
      config,
      async (answer) => {
        if (answer.status !== OK) {
          throw new AppError('tool.failed', `${answer.url.host} answers with ${answer.status}`);
        }
        const bytes = await answer.bytes();
        const mediaType = answer.contentType || 'application/octet-stream';
        return { url: answer.url.href, mediaType, bytes };
      },
    );
}
